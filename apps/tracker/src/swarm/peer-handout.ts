import { isLoopbackHost, type Endpoint } from '#protocol';

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
  const order = shuffled(candidates, wish.random).sort(
    (a, b) => Number(b.dialable) - Number(a.dialable),
  );
  const complete = order.filter((candidate) => candidate.complete);
  const partial = order.filter((candidate) => !candidate.complete);
  const wantedComplete = Math.max(
    Math.ceil(wish.limit * COMPLETE_SHARE),
    wish.limit - partial.length,
  );
  const chosen = complete.slice(0, wantedComplete);
  return [...chosen, ...partial.slice(0, wish.limit - chosen.length)];
}

/**
 * What an asker may dial, in the peer's order of preference, then the address the tracker saw it
 * come from. A loopback address means something on the asker's own machine only.
 */
export function selectEndpoints(
  peer: { endpoints: readonly Endpoint[]; observedHost: string },
  askerHost: string,
): Endpoint[] {
  const [preferred] = peer.endpoints;
  if (preferred === undefined) return [];
  const known = peer.endpoints.some(({ host }) => host === peer.observedHost);
  const observed = { host: peer.observedHost, port: preferred.port };
  const all = known || peer.observedHost === '' ? peer.endpoints : [...peer.endpoints, observed];
  return isLoopbackHost(askerHost) ? [...all] : all.filter(({ host }) => !isLoopbackHost(host));
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const copy = [...items];
  for (let index = copy.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    [copy[index], copy[other]] = [copy[other]!, copy[index]!];
  }
  return copy;
}
