import { networkInterfaces } from 'node:os';
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { createDialContext } from '#identity';
import {
  identityOf,
  isLoopbackHost,
  type Caller,
  type Endpoint,
  type MembershipNews,
  type PeerId,
} from '#protocol';
import { TRACKER_KEY } from '../membership/membership.tokens.js';
import type { TrackerKey } from '../membership/tracker-key.js';
import type { Asker } from '../rpc/asker.js';
import { RecentMap } from '../store/recent-map.js';
import type { Sql } from '../store/sql.js';
import { READER, WRITE_QUEUE } from '../store/store.tokens.js';
import type { WriteQueue } from '../store/write-queue.js';
import { DialAllowance } from './dial-allowance.js';
import { DialBack } from './dial-back.js';
import { dialCandidates } from './dial-candidates.js';
import { PeerDirectory } from './peer-directory.service.js';

/** What is known of a process: where it has answered, null while it was not tried. */
interface Known {
  readonly session: string;
  readonly endpoints: readonly Endpoint[];
  readonly observedHost: string;
  proven: readonly Endpoint[] | null;
  checkedAtMs: number;
  checking: Promise<void> | undefined;
}

interface PeerColumns {
  readonly session: string;
  readonly endpoints: string;
  readonly observedHost: string;
  readonly proven: string | null;
}

/** Firewalls change: what was found is looked at again. */
const RECHECK_AFTER_MS = 10 * 60_000;
/** What a registration waits for the first look, so that who is told that it is done can be found. */
const MAX_WAIT_MS = 1_000;
const MAX_KEPT_COUNT = 32_768;

/** Who can be dialled where, in a secured network: others are told only of endpoints where the right
 *  identity has answered. */
@Injectable()
export class Reachability implements BeforeApplicationShutdown {
  private readonly dials: DialBack | undefined;
  private readonly allowance = new DialAllowance();
  private readonly known = new RecentMap<string, Known>(MAX_KEPT_COUNT);

  constructor(
    @Inject(TRACKER_KEY) key: TrackerKey | undefined,
    @Inject(READER) private readonly reader: Sql,
    @Inject(WRITE_QUEUE) private readonly writes: WriteQueue,
    @Inject(PeerDirectory) private readonly directory: PeerDirectory,
  ) {
    if (key !== undefined) this.dials = new DialBack(createDialContext(key.tls));
  }

  beforeApplicationShutdown(): void {
    this.dials?.close();
  }

  /** Begins to look, and waits for nothing. */
  async joined({ peerId }: Caller, asker: Asker): Promise<MembershipNews> {
    if (this.dials === undefined) return {};
    this.known.delete(peerId);
    return this.news(peerId, asker);
  }

  /** What is known, for a heartbeat; looks again when that is old. */
  async news(peerId: string, asker: Asker): Promise<MembershipNews> {
    const { dials } = this;
    if (dials === undefined) return {};
    const known = await this.find(peerId);
    if (known === undefined) return {};
    const isDue =
      known.checking === undefined && Date.now() >= known.checkedAtMs + RECHECK_AFTER_MS;
    if (isDue && this.allowance.take(identityOf(peerId as PeerId), Date.now())) {
      known.checkedAtMs = Date.now();
      known.checking = this.check(dials, peerId, known, asker).finally(() => {
        known.checking = undefined;
      });
    }
    return { reachable: reachableOf(known) };
  }

  /** Resolves when the first look at a process is over, or takes too long. */
  async settled(peerId: string): Promise<void> {
    const known = this.known.get(peerId);
    if (known?.checking === undefined || known.proven !== null) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, MAX_WAIT_MS);
    });
    await Promise.race([known.checking, late]);
    clearTimeout(timer);
  }

  private async find(peerId: string): Promise<Known | undefined> {
    const kept = this.known.get(peerId);
    if (kept !== undefined) return kept;
    const row = await this.reader.first<PeerColumns>(
      `SELECT session, endpoints, observed_host AS observedHost, proven_endpoints AS proven
        FROM peers WHERE peer_id = ?`,
      [peerId],
    );
    if (row === undefined) return undefined;
    const known: Known = {
      session: row.session,
      endpoints: JSON.parse(row.endpoints) as Endpoint[],
      observedHost: row.observedHost,
      proven: row.proven === null ? null : (JSON.parse(row.proven) as Endpoint[]),
      checkedAtMs: -Infinity,
      checking: undefined,
    };
    this.known.set(peerId, known);
    return known;
  }

  private async check(
    dials: DialBack,
    peerId: string,
    known: Known,
    { role }: Asker,
  ): Promise<void> {
    const { endpoints, observedHost } = known;
    const candidates = dialCandidates({ endpoints, observedHost, role }, ownAddresses());
    const expected = identityOf(peerId as PeerId);
    const from = isLoopbackHost(observedHost) ? 'this-machine' : 'elsewhere';
    const answers = await Promise.all(
      candidates.map((endpoint) => dials.dial({ endpoint, expected, from })),
    );
    const proven = answers.filter((answer) => answer !== undefined);
    const json = JSON.stringify(proven);
    if (known.proven !== null && json === JSON.stringify(known.proven)) return;
    await this.writes
      .submit(async (sql) => {
        const row = await sql.first<{ id: number }>(
          'UPDATE peers SET proven_endpoints = ? WHERE peer_id = ? AND session = ? RETURNING id',
          [json, peerId, known.session],
        );
        sql.afterCommit(() => {
          known.proven = proven;
          if (row !== undefined) this.directory.changed(row.id);
        });
      })
      // A tracker that is stopping or has too much to do looks again later.
      .catch(() => {
        known.checkedAtMs = -Infinity;
      });
  }
}

function reachableOf({ endpoints, proven }: Known): boolean | null {
  if (endpoints.length === 0 || proven === null) return null;
  return proven.length > 0;
}

function ownAddresses(): ReadonlySet<string> {
  const infos = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  return new Set(infos.map(({ address }) => address));
}
