/** A reply that is JSON already: what is stored as text is not parsed to be rendered again. `T` says
 *  what it would be parsed to. */
export class RenderedReply<T> {
  declare readonly of: T;

  constructor(readonly json: string) {}
}
