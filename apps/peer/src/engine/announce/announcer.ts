import {
  TrackerError,
  type ChunkIndex,
  type Digest,
  type Endpoint,
  type FileResult,
  type HeartbeatReply,
  type MembershipNews,
  type PeerId,
} from '#protocol';
import { newSession } from '#identity';
import { TransferError } from '../../core/transfer-error.js';
import type { TrackerClient } from '../../net/tracker-client.js';
import { Announcement, type AnnouncedName } from './announcement.js';
import { beginReports, reportBatches } from './chunk-report.js';
import { joinRequest } from './join-request.js';
import { registerAll } from './registration.js';
import { RetryPause } from './retry-pause.js';
import { Withdrawals } from './withdrawals.js';
import type { UntoldCompletions } from '../../disk/untold-completions.js';
import type { Transfer } from '../transfer/transfer.js';
import { Changes } from '../changes.js';
import { Wakeable } from '../wakeable.js';

/** Newly stored chunks are reported together, this long after the first of them. */
const CHUNK_REPORT_MS = 500;
const MAX_HEARTBEAT_MS = 20_000;
const STOP_TIMEOUT_MS = 1_500;

export interface AnnouncerHost {
  readonly peerId: PeerId;
  readonly programVersion: string;
  readonly untold: UntoldCompletions;
  endpoints(): readonly Endpoint[];
  counters(): { bytesUp: number; bytesDown: number };
  trackerChanged(state: 'lost' | 'back', error?: Error): void;
  /** It says who may have what this process offers. */
  registered(digest: Digest, restriction: { restricted: boolean }): void;
  /** What it told us of memberships, each time that it is heard. */
  heard(news: MembershipNews): void;
  /** Each time that it cannot be reached. */
  unreachable(): void;
  /** At the end: so many files arrived whole, and the tracker could not be told. The home remembers
   *  it, unless there is an error. */
  completionsUntold(fileCount: number, error?: Error): void;
}

/**
 * Keeps the tracker's picture of this process true: joins, renews the lease, registers files and
 * new chunks, and does all of it again when the tracker has forgotten. One call at a time.
 */
export class Announcer {
  private readonly announcements = new Map<Transfer, Announcement>();
  private readonly withdrawals: Withdrawals;
  private readonly stopping = new AbortController();
  private readonly wakeable = new Wakeable();
  private session: string | undefined;
  private bootId: string | undefined;
  private leaseMs = 60_000;
  private heartbeatDueMs = 0;
  private reportDueMs = Infinity;
  private readonly retryPause = new RetryPause(this.wakeable, this.stopping.signal);
  private running: Promise<void> | undefined;
  private lastError: Error | undefined;
  private readonly changes = new Changes();

  constructor(
    private readonly client: TrackerClient,
    private readonly host: AnnouncerHost,
  ) {
    this.withdrawals = new Withdrawals(host.untold);
  }

  /** The error of the last attempt, undefined while the tracker answers. */
  get trackerError(): Error | undefined {
    return this.lastError;
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Resolves once the tracker has answered; rejects when the first attempt to reach it fails, or
   *  with the signal's reason. */
  async contact({ signal }: { signal: AbortSignal }): Promise<void> {
    const isJoined = () => {
      if (this.session !== undefined) return true;
      if (this.lastError !== undefined && !signal.aborted) throw this.lastError;
      this.stopping.signal.throwIfAborted();
      return false;
    };
    await this.changes.until(isJoined, { signal });
  }

  /** Registers what this process holds of a file under the names given; resolves with one result
   *  for each name, once the tracker has answered. */
  announce(transfer: Transfer, names: readonly AnnouncedName[]): Promise<readonly FileResult[]> {
    this.withdrawals.cancel(transfer.digest);
    let announcement = this.announcements.get(transfer);
    if (announcement === undefined) {
      announcement = new Announcement(transfer);
      this.announcements.set(transfer, announcement);
    }
    const results = announcement.add(names);
    this.wakeable.wake();
    return results;
  }

  chunkGained(transfer: Transfer, chunkIndex: ChunkIndex): void {
    const announcement = this.announcements.get(transfer);
    if (announcement === undefined) return;
    announcement.gain(chunkIndex);
    const delayMs = transfer.held.isComplete ? 0 : CHUNK_REPORT_MS;
    const dueMs = performance.now() + delayMs;
    if (dueMs >= this.reportDueMs) return;
    this.reportDueMs = dueMs;
    this.wakeable.wake();
  }

  /** Takes a file back. `completed`: this host has had all of it nevertheless. */
  withdraw(transfer: Transfer, { completed }: { completed: boolean }): void {
    this.announcements.get(transfer)?.withdraw();
    this.announcements.delete(transfer);
    this.withdrawals.add(transfer.digest, { completed });
    this.wakeable.wake();
  }

  /** Reports what is left to report and leaves; waits for the tracker only briefly. */
  async stop(): Promise<void> {
    if (this.stopping.signal.aborted) return;
    this.stopping.abort();
    this.wakeable.wake();
    this.changes.tell();
    await this.running;
    if (this.session !== undefined && this.lastError === undefined) await this.takeLeave();
    this.oweCompletions();
    await this.leaveUntold();
  }

  private async takeLeave(): Promise<void> {
    const signal = AbortSignal.timeout(STOP_TIMEOUT_MS);
    try {
      await this.reportChunks(signal);
      this.oweCompletions();
      await this.reportWithdrawals(signal);
      await this.tellCounters(signal);
      await this.client.call('leave', this.caller(), { signal });
    } catch {
      // The lease runs out by itself.
    }
  }

  /** What became complete here and was never registered as that: its withdrawal says so. */
  private oweCompletions(): void {
    for (const entry of this.announcements.values()) {
      if (!entry.owesCompletion) continue;
      this.withdrawals.add(entry.transfer.digest, { completed: true });
      entry.completionTold();
    }
  }

  private async leaveUntold(): Promise<void> {
    try {
      const fileCount = await this.withdrawals.leaveUntold();
      if (fileCount > 0) this.host.completionsUntold(fileCount);
    } catch (error) {
      this.host.completionsUntold(this.withdrawals.size, error as Error);
    }
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        await this.round();
        this.retryPause.succeeded();
        this.setReachable(undefined);
        await this.wakeable.sleep(this.nextDueMs() - performance.now());
      } catch (error) {
        await this.recover(error as Error);
      }
    }
  }

  /** One pass over everything that is due. */
  private async round(): Promise<void> {
    const { signal } = this.stopping;
    if (this.session === undefined) await this.join(signal);
    const unregistered = [...this.announcements.values()].filter((entry) => !entry.isRegistered);
    if (unregistered.length > 0) {
      const registered = this.host.registered.bind(this.host);
      const registrar = { client: this.client, caller: this.caller(), registered };
      await registerAll(unregistered, registrar, { signal });
    }
    if (performance.now() >= this.reportDueMs || this.withdrawals.size > 0) {
      await this.reportChunks(signal);
      await this.reportWithdrawals(signal);
    }
    if (performance.now() >= this.heartbeatDueMs) await this.heartbeat(signal);
  }

  private async recover(error: Error): Promise<void> {
    if (error === this.stopping.signal.reason) return;
    const failedBefore = this.retryPause.failed();
    if (error instanceof TrackerError && error.code === 'SESSION_UNKNOWN') {
      this.forgetSession();
      // Once, that is another start of the tracker; again, something is wrong with it.
      if (failedBefore === 0) return;
    }
    const isRefusal = error instanceof TrackerError;
    // Unreachable, or it does not take us for a member: it may be asked again.
    if (!isRefusal && !(error instanceof TransferError)) throw error;
    if (error.code === 'TRACKER_UNREACHABLE') this.host.unreachable();
    else this.host.heard({});
    this.setReachable(error);
    // Whatever else is due: only an answer shows that the tracker is back.
    this.heartbeatDueMs = 0;
    await this.retryPause.sleep(isRefusal ? error.retryAfterMs : undefined);
  }

  private async join(signal: AbortSignal): Promise<void> {
    const session = newSession();
    const reply = await this.client.call('join', joinRequest(this.host, session), { signal });
    this.session = session;
    this.host.heard(reply);
    this.changes.tell();
    this.noteLease(reply.bootId, reply.leaseMs);
    const offered = new Set([...this.announcements.keys()].map(({ digest }) => digest));
    await this.withdrawals.recall((digest) => offered.has(digest));
  }

  /** The last word on the bytes moved; most processes end between two heartbeats. */
  private async tellCounters(signal: AbortSignal): Promise<void> {
    const { bytesUp, bytesDown } = this.host.counters();
    if (bytesUp + bytesDown > 0) await this.beat(signal);
  }

  private beat(signal: AbortSignal): Promise<HeartbeatReply> {
    const request = { ...this.caller(), ...this.host.counters() };
    return this.client.call('heartbeat', request, { signal });
  }

  private async heartbeat(signal: AbortSignal): Promise<void> {
    const reply = await this.beat(signal);
    this.host.heard(reply);
    if (reply.bootId === this.bootId) {
      this.noteLease(reply.bootId, reply.leaseMs);
    } else {
      // Another start, perhaps from an older database: tell it everything again.
      this.forgetSession();
    }
  }

  private async reportChunks(signal: AbortSignal): Promise<void> {
    this.reportDueMs = Infinity;
    const reports = beginReports(this.announcements.values());
    try {
      for (const batch of reportBatches(reports)) {
        const request = { ...this.caller(), files: batch.map(({ file }) => file) };
        const { results } = await this.client.call('chunkRegister', request, { signal });
        batch.forEach(({ entry }, index) => entry.endReport(results[index]));
      }
    } catch (error) {
      for (const { entry } of reports) entry.abandonReport();
      this.reportDueMs = performance.now() + CHUNK_REPORT_MS;
      throw error;
    }
  }

  private reportWithdrawals(signal: AbortSignal): Promise<void> {
    return this.withdrawals.report({ client: this.client, caller: this.caller() }, { signal });
  }

  private noteLease(bootId: string, leaseMs: number): void {
    this.bootId = bootId;
    this.leaseMs = leaseMs;
    this.heartbeatDueMs = performance.now() + Math.min(this.leaseMs / 3, MAX_HEARTBEAT_MS);
  }

  private forgetSession(): void {
    this.session = undefined;
    for (const entry of this.announcements.values()) entry.isRegistered = false;
  }

  private nextDueMs(): number {
    for (const { isRegistered } of this.announcements.values()) if (!isRegistered) return 0;
    return Math.min(this.heartbeatDueMs, this.reportDueMs);
  }

  private setReachable(error: Error | undefined): void {
    const wasReachable = this.lastError === undefined;
    this.lastError = error;
    this.changes.tell();
    if (error !== undefined && wasReachable) this.host.trackerChanged('lost', error);
    if (error === undefined && !wasReachable) this.host.trackerChanged('back');
  }

  private caller(): { peerId: PeerId; session: string } {
    return { peerId: this.host.peerId, session: this.session ?? '' };
  }
}
