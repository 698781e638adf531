/** A peer that could be handed out. */
export interface Candidate {
  /** Key of its row. */
  readonly id: number;
  readonly complete: boolean;
  readonly dialable: boolean;
}

/** In every handout of this many peers at least one is partial and one complete, where both are to be
 *  had: a swarm in which everybody asks only the seeders is no swarm. */
const COMPLETE_SHARE = 0.5;

/**
 * Which peers an asking peer is given: about half of them complete, those that can be dialled
 * first, otherwise at random. `random` returns numbers from 0 up to 1.
 */
export function selectPeers<T extends Candidate>(
  candidates: readonly T[],
  wish: { limit: number; random: () => number },
): T[] {
  const drawn = shuffled(candidates, wish.random);
  const isDialable = ({ dialable }: T) => dialable;
  const order = [...drawn.filter(isDialable), ...drawn.filter((one) => !isDialable(one))];
  const complete = order.filter((candidate) => candidate.complete);
  const partial = order.filter((candidate) => !candidate.complete);
  const wantedComplete = Math.max(
    Math.ceil(wish.limit * COMPLETE_SHARE),
    wish.limit - partial.length,
  );
  const chosen = complete.slice(0, wantedComplete);
  return [...chosen, ...partial.slice(0, wish.limit - chosen.length)];
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const copy = [...items];
  for (let index = copy.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    [copy[index], copy[other]] = [copy[other]!, copy[index]!];
  }
  return copy;
}
