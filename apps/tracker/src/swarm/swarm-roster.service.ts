import { Inject, Injectable } from '@nestjs/common';
import type { OutsideCommits } from '../store/outside-commits.js';
import { ReadCache } from '../store/read-cache.js';
import type { Sql } from '../store/sql.js';
import { OUTSIDE_COMMITS, READER } from '../store/store.tokens.js';

/** Peers of a file, online or not, by keys of their rows, in no order. */
export interface Swarm {
  readonly complete: number[];
  readonly partial: number[];
}

export type MemberState = keyof Swarm;

/** Members of all swarms that are kept; a swarm counts as some more. */
const MAX_KEPT_MEMBER_COUNT = 262_144;
const SWARM_WEIGHT = 32;

/** Who is in which swarm, by the key of the file's row. Keeps the swarms asked for lately. */
@Injectable()
export class SwarmRoster {
  private readonly swarms = new ReadCache<number, Swarm>({
    maxWeight: MAX_KEPT_MEMBER_COUNT,
    weightOf: ({ complete, partial }) => SWARM_WEIGHT + complete.length + partial.length,
  });

  constructor(
    @Inject(READER) private readonly reader: Sql,
    @Inject(OUTSIDE_COMMITS) outside: OutsideCommits,
  ) {
    outside.whenNoticed(() => this.allChanged());
  }

  async find(fileId: number): Promise<Swarm> {
    const kept = this.swarms.get(fileId);
    if (kept !== undefined) return kept;
    const [[, swarm]] = (await this.swarms.fill(() => this.read(fileId))) as [[number, Swarm]];
    return swarm;
  }

  /** A peer joined a swarm or became complete, and that is committed. */
  joined(fileId: number, peerRowId: number, state: MemberState): void {
    this.swarms.change(fileId, (swarm) => {
      if (swarm[state].includes(peerRowId)) return;
      remove(swarm, peerRowId);
      swarm[state].push(peerRowId);
    });
  }

  /** A peer left a swarm, and that is committed. */
  left(fileId: number, peerRowId: number): void {
    this.swarms.change(fileId, (swarm) => remove(swarm, peerRowId));
  }

  allChanged(): void {
    this.swarms.clear();
  }

  private async read(fileId: number): Promise<[[number, Swarm]]> {
    const members = (complete: 0 | 1) =>
      this.reader.column<number>(
        'SELECT peer_id FROM chunk_ownership WHERE file_id = ? AND complete = ?',
        [fileId, complete],
      );
    const [complete, partial] = await Promise.all([members(1), members(0)]);
    return [[fileId, { complete, partial }]];
  }
}

function remove({ complete, partial }: Swarm, peerRowId: number): void {
  for (const members of [complete, partial]) {
    const index = members.indexOf(peerRowId);
    if (index !== -1) members.splice(index, 1);
  }
}
