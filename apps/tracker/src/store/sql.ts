/** What a column or a `?` may hold. Booleans are 0 and 1, times ISO 8601 text in UTC. */
export type SqlValue = string | number | Uint8Array | null;

/** One database connection. `?` in the text stands for the next parameter; texts are constants, so
 *  that every statement is prepared once. */
export interface Sql {
  all<Row>(text: string, parameters?: readonly SqlValue[]): Promise<Row[]>;
  /** The only column of each row. */
  column<Value>(text: string, parameters?: readonly SqlValue[]): Promise<Value[]>;
  /** The first row, or undefined. */
  first<Row>(text: string, parameters?: readonly SqlValue[]): Promise<Row | undefined>;
  /** Returns how many rows changed. */
  run(text: string, parameters?: readonly SqlValue[]): Promise<number>;
}

/** The connection of a write that others will see when it is committed. */
export interface WriteSql extends Sql {
  /** Calls this when the write is on disk, before anybody is answered. Never, when it is refused.
   *  It is for caches and must not throw. */
  afterCommit(apply: () => void): void;
}

/** Times as the database keeps them: they sort as text. */
export function toIsoTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
