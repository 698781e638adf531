import {
  MAX_DATA_BYTES,
  MAX_QUEUED_REQUEST_COUNT,
  type RequestMessage,
  type VerifiedChunk,
  type WireCode,
} from '#protocol';
import { runLengthBytes, type ChunkRun } from '../../core/chunk-run.js';
import type { PeerConnection } from '../../net/peer-connection.js';
import type { ByteBudget } from '../budget/byte-budget.js';
import type { ChunkBuffers } from '../budget/chunk-buffers.js';
import type { PeerLink } from './peer-link.js';
import type { RateGate } from '../budget/rate-gate.js';
import type { Transfer } from '../transfer/transfer.js';

/** Reads under way for one connection, beside the one that is being sent. */
const MAX_AHEAD_RUNS = 4;

export interface UploadHost {
  readonly buffers: ChunkBuffers;
  readonly servingBudget: ByteBudget;
  readonly upGate: RateGate;
  bytesSent(link: PeerLink, bytes: number): void;
}

interface UploadJob {
  readonly transfer: Transfer;
  readonly request: RequestMessage;
  /** Set when the answer must stop: the code of the reject that ends it. */
  stopCode?: WireCode;
}

/** Requests for chunks that follow one another, read from disk together. */
interface UploadRun {
  readonly lengthBytes: number;
  readonly jobs: readonly UploadJob[];
  readonly reading: Promise<ReadRun>;
}

/** Chunks in memory, one for each job; their buffer goes back once nobody uses it. */
interface ReadRun {
  readonly chunks: readonly VerifiedChunk[];
  readonly release: () => void;
}

/** Answers the requests of one connection, first come first served; reads what is next while
 *  something is being sent. Every request ends in all of its bytes or in one reject. */
export class Uploader {
  private readonly queue: UploadJob[] = [];
  private readonly closing = new AbortController();
  private current: UploadRun | undefined;
  /** Being read, in the order they will be sent. */
  private readonly ahead: UploadRun[] = [];
  private isServing = false;
  private wakeWriter: (() => void) | undefined;
  private isUnchoked = false;

  constructor(
    private readonly link: PeerLink,
    private readonly connection: PeerConnection,
    private readonly host: UploadHost,
  ) {}

  setChoke(choke: 'choked' | 'unchoked'): void {
    if (this.isUnchoked === (choke === 'unchoked')) return;
    this.isUnchoked = choke === 'unchoked';
    this.connection.send({ type: this.isUnchoked ? 'unchoke' : 'choke' });
    if (!this.isUnchoked) this.stopWhere(() => true, 'CHOKED');
  }

  enqueue(transfer: Transfer, request: RequestMessage): void {
    const refusal = this.refusalOf(transfer, request);
    if (refusal !== undefined) {
      this.reject(request.requestId, refusal);
      return;
    }
    this.queue.push({ transfer, request });
    transfer.chunkRequested(this.link, request.chunkIndex);
    if (this.isServing) void Promise.resolve().then(() => this.readAhead());
    else void this.serve();
  }

  cancel(requestId: number): void {
    this.stopWhere((job) => job.request.requestId === requestId, 'CANCELLED');
  }

  dropTransfer(transfer: Transfer): void {
    this.stopWhere((job) => job.transfer === transfer, 'UNKNOWN_FILE');
  }

  onWritable(): void {
    this.wakeWriter?.();
    this.wakeWriter = undefined;
  }

  close(): void {
    this.closing.abort();
    this.stopWhere(() => true, 'SHUTTING_DOWN');
    this.onWritable();
  }

  private refusalOf(transfer: Transfer, request: RequestMessage): WireCode | undefined {
    if (!this.isUnchoked) return 'CHOKED';
    if (this.queue.length >= MAX_QUEUED_REQUEST_COUNT) return 'TOO_MANY_REQUESTS';
    if (!transfer.offers(request.chunkIndex)) return 'CHUNK_NOT_HELD';
    const lengthBytes = transfer.manifest.layout.lengthBytes(request.chunkIndex);
    return request.offsetBytes + request.lengthBytes > lengthBytes ? 'OUT_OF_RANGE' : undefined;
  }

  private stopWhere(matches: (job: UploadJob) => boolean, code: WireCode): void {
    for (let index = this.queue.length - 1; index >= 0; index -= 1) {
      const job = this.queue[index]!;
      if (!matches(job)) continue;
      this.queue.splice(index, 1);
      this.reject(job.request.requestId, code);
    }
    for (const run of [this.current, ...this.ahead]) {
      for (const job of run?.jobs ?? []) if (matches(job)) job.stopCode ??= code;
    }
  }

  private async serve(): Promise<void> {
    this.isServing = true;
    // Requests that came in one packet are answered together.
    await Promise.resolve();
    this.readAhead();
    while ((this.current = this.ahead.shift()) !== undefined) {
      this.readAhead();
      await this.answer(this.current);
    }
    this.isServing = false;
  }

  /** One run, and more while they are short: as much as the link takes at a time. */
  private readAhead(): void {
    const { windowBytes } = this.connection;
    while (this.ahead.length < MAX_AHEAD_RUNS) {
      const aheadBytes = this.ahead.reduce((bytes, run) => bytes + run.lengthBytes, 0);
      if (aheadBytes >= windowBytes) return;
      const run = this.nextRun();
      if (run === undefined) return;
      this.ahead.push(run);
    }
  }

  /** Begins to read what the first requests of the queue ask for: as much as the link takes at a
   *  time, when it lies in one place. */
  private nextRun(): UploadRun | undefined {
    const first = this.queue.shift();
    if (first === undefined) return undefined;
    const { transfer, request } = first;
    const jobs = [first];
    const { chunkBytes } = transfer.manifest;
    const maxCount = Math.max(1, Math.floor(this.connection.windowBytes / chunkBytes));
    while (jobs.length < maxCount) {
      const next = this.queue[0];
      if (next?.transfer !== transfer) break;
      if (next.request.chunkIndex !== request.chunkIndex + jobs.length) break;
      jobs.push(this.queue.shift()!);
    }
    const run = { firstIndex: request.chunkIndex, count: jobs.length };
    const reading = this.read(transfer, run);
    reading.catch(() => undefined);
    return { lengthBytes: runLengthBytes(transfer.manifest.layout, run), jobs, reading };
  }

  private async answer({ jobs, reading }: UploadRun): Promise<void> {
    let read: ReadRun;
    try {
      read = await reading;
    } catch {
      for (const job of jobs) this.reject(job.request.requestId, job.stopCode ?? 'FILE_WITHDRAWN');
      return;
    }
    // The buffer goes back only when the system has taken all of it.
    let userCount = 1;
    const leave = () => {
      userCount -= 1;
      if (userCount === 0) read.release();
    };
    for (const [nth, job] of jobs.entries()) {
      const isSent = await this.send(job, read.chunks[nth]!.bytes, () => {
        userCount += 1;
        return leave;
      });
      if (isSent) job.transfer.chunkSent(this.link, job.request.chunkIndex);
      else this.reject(job.request.requestId, job.stopCode ?? 'INTERNAL');
    }
    leave();
  }

  /** Whether all of it was sent, whatever was wished meanwhile. `enter` is called for each use of
   *  the bytes, and what it returns when that use is over. */
  private async send(
    job: UploadJob,
    chunkBytes: Uint8Array,
    enter: () => () => void,
  ): Promise<boolean> {
    const { requestId, offsetBytes, lengthBytes } = job.request;
    const endBytes = offsetBytes + lengthBytes;
    const { connection } = this;
    let offset = offsetBytes;
    while (offset < endBytes) {
      while (!connection.isWritable && connection.isOpen) await this.writable();
      const frameBytes = Math.min(MAX_DATA_BYTES, connection.windowBytes, endBytes - offset);
      await this.host.upGate.pass(frameBytes);
      if (job.stopCode !== undefined || !connection.isOpen) return false;
      const bytes = chunkBytes.subarray(offset, offset + frameBytes);
      connection.sendData({ requestId, offsetBytes: offset, bytes }, enter());
      this.host.bytesSent(this.link, frameBytes);
      offset += frameBytes;
    }
    return true;
  }

  private writable(): Promise<void> {
    this.readAhead();
    return new Promise((resolve) => (this.wakeWriter = resolve));
  }

  private async read(transfer: Transfer, run: ChunkRun): Promise<ReadRun> {
    const { signal } = this.closing;
    const { layout } = transfer.manifest;
    // Buffers of few sizes, so that they are used again.
    const lengthBytes =
      run.count === 1
        ? runLengthBytes(layout, run)
        : layout.chunkBytes * 2 ** Math.ceil(Math.log2(run.count));
    await this.host.servingBudget.take(lengthBytes, { signal });
    const buffer = this.host.buffers.take(lengthBytes);
    const release = () => {
      this.host.buffers.give(buffer);
      this.host.servingBudget.release(lengthBytes);
    };
    try {
      return { chunks: await transfer.readRun(run, buffer, { signal }), release };
    } catch (error) {
      release();
      throw error;
    }
  }

  private reject(requestId: number, code: WireCode): void {
    this.connection.send({ type: 'reject', requestId, code });
  }
}
