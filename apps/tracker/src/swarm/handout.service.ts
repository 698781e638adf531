import { Inject, Injectable } from '@nestjs/common';
import type { ListedPeer } from '../peers/listed-peer.js';
import { PeerDirectory } from '../peers/peer-directory.service.js';
import { placeOf } from '../peers/select-endpoints.js';
import type { ReplyBudget } from '../rpc/reply-budget.js';
import { toIsoTime } from '../store/sql.js';
import { completeText, HeldTexts } from './held-texts.service.js';
import { selectPeers, type Candidate } from './peer-handout.js';
import { SwarmRoster, type MemberState } from './swarm-roster.service.js';

export interface HandoutWish {
  readonly fileId: number;
  readonly chunkCount: number;
  readonly askerHost: string;
  readonly exclude: string | undefined;
  readonly limit: number;
}

export interface Handout {
  /** Location[] as JSON. */
  readonly json: string;
  /** The budget was used up before the wish was met. */
  readonly isCut: boolean;
}

interface ListedCandidate extends Candidate {
  readonly peer: ListedPeer;
}

/** Candidates that are looked at for each peer that is handed out. */
const CANDIDATES_PER_LOCATION = 2;

/** Finds peers of a swarm for an asking peer. */
@Injectable()
export class HandoutService {
  constructor(
    @Inject(SwarmRoster) private readonly roster: SwarmRoster,
    @Inject(PeerDirectory) private readonly directory: PeerDirectory,
    @Inject(HeldTexts) private readonly heldTexts: HeldTexts,
  ) {}

  /** As many locations as the wish and the budget allow. */
  async handOut(wish: HandoutWish, budget: ReplyBudget): Promise<Handout> {
    const swarm = await this.roster.find(wish.fileId);
    // Both before anything is awaited: a peer that changes sides meanwhile is not given twice.
    const [complete, partial] = [turned(swarm.complete), turned(swarm.partial)];
    const candidates = [
      ...(await this.candidates(wish, complete, 'complete')),
      ...(await this.candidates(wish, partial, 'partial')),
    ];
    const chosen = selectPeers(candidates, { limit: wish.limit, random: Math.random });
    const texts = await this.textsOf(chosen, wish);
    const asker = placeOf(wish.askerHost);
    let json = '';
    for (const [index, { peer }] of chosen.entries()) {
      const text = texts[index];
      if (text === undefined) continue;
      const location = `{${peer.render(asker)},${text}}`;
      if (!budget.takeJson(location)) return { json: `[${json}]`, isCut: true };
      json += json === '' ? location : `,${location}`;
    }
    return { json: `[${json}]`, isCut: false };
  }

  /** The first online peers of these members. */
  private async candidates(
    wish: HandoutWish,
    members: readonly number[],
    state: MemberState,
  ): Promise<ListedCandidate[]> {
    const maxCount = wish.limit * CANDIDATES_PER_LOCATION;
    const nowIso = toIsoTime(Date.now());
    const found: ListedCandidate[] = [];
    for (let start = 0; start < members.length && found.length < maxCount; start += maxCount) {
      const ids = members.slice(start, start + maxCount);
      for (const [index, peer] of (await this.directory.find(ids)).entries()) {
        if (peer === undefined || !peer.isOnline(nowIso) || peer.peerId === wish.exclude) continue;
        const complete = state === 'complete';
        found.push({ id: ids[index]!, complete, dialable: peer.isDialable, peer });
      }
    }
    return found;
  }

  private async textsOf(
    chosen: readonly ListedCandidate[],
    { fileId, chunkCount }: HandoutWish,
  ): Promise<(string | undefined)[]> {
    const whole = completeText(chunkCount);
    const partial = chosen.filter(({ complete }) => !complete);
    const texts = await this.heldTexts.find(
      fileId,
      partial.map(({ id }) => id),
    );
    let partialIndex = 0;
    return chosen.map(({ complete }) => (complete ? whole : texts[partialIndex++]));
  }
}

/** From a random place on, so that a large swarm costs no more than a small one. */
function turned(members: readonly number[]): number[] {
  const pivot = Math.floor(Math.random() * members.length);
  return [...members.slice(pivot), ...members.slice(0, pivot)];
}
