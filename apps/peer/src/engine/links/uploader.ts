import {
  MAX_DATA_BYTES,
  MAX_QUEUED_REQUEST_COUNT,
  type RequestMessage,
  type VerifiedChunk,
  type WireCode,
} from '#protocol';
import type { PeerConnection } from '../../net/peer-connection.js';
import type { ByteBudget } from '../budget/byte-budget.js';
import type { ChunkBuffers } from '../budget/chunk-buffers.js';
import type { PeerLink } from './peer-link.js';
import type { RateGate } from '../budget/rate-gate.js';
import type { Transfer } from '../transfer/transfer.js';

export interface UploadHost {
  readonly buffers: ChunkBuffers;
  readonly servingBudget: ByteBudget;
  readonly upGate: RateGate;
  bytesSent(link: PeerLink, bytes: number): void;
}

interface UploadJob {
  readonly transfer: Transfer;
  readonly request: RequestMessage;
  reading?: Promise<ReadChunk>;
  /** Set when the answer must stop: the code of the reject that ends it. */
  stopCode?: WireCode;
}

/** A chunk in memory; its buffer goes back once nobody uses it. */
interface ReadChunk {
  readonly chunk: VerifiedChunk;
  readonly release: () => void;
}

/** Answers the requests of one connection, first come first served; reads the next chunk while one
 *  is being sent. Every request ends in all of its bytes or in one reject. */
export class Uploader {
  private readonly queue: UploadJob[] = [];
  private readonly closing = new AbortController();
  private current: UploadJob | undefined;
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
    if (this.current === undefined) void this.serve();
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
      job.reading?.then(
        (read) => read.release(),
        () => undefined,
      );
      this.reject(job.request.requestId, code);
    }
    if (this.current !== undefined && matches(this.current)) this.current.stopCode ??= code;
  }

  private async serve(): Promise<void> {
    while ((this.current = this.queue.shift()) !== undefined) {
      const job = this.current;
      job.reading ??= this.read(job);
      const next = this.queue[0];
      if (next !== undefined && next.reading === undefined) {
        next.reading = this.read(next);
        next.reading.catch(() => undefined);
      }
      const code = await this.answer(job);
      if (code !== undefined) this.reject(job.request.requestId, code);
    }
  }

  /** Undefined when all of it was sent, whatever was wished meanwhile; else why not. */
  private async answer(job: UploadJob): Promise<WireCode | undefined> {
    let read: ReadChunk;
    try {
      read = await job.reading!;
    } catch {
      return job.stopCode ?? 'FILE_WITHDRAWN';
    }
    return (await this.send(job, read)) ? undefined : (job.stopCode ?? 'INTERNAL');
  }

  /** The buffer goes back only when the system has taken all of it; by then the next chunk is
   *  already on its way. */
  private async send(job: UploadJob, { chunk, release }: ReadChunk): Promise<boolean> {
    const { requestId, offsetBytes, lengthBytes } = job.request;
    const endBytes = offsetBytes + lengthBytes;
    let unsentRunCount = 1;
    const runSent = () => {
      unsentRunCount -= 1;
      if (unsentRunCount === 0) release();
    };
    let offset = offsetBytes;
    while (offset < endBytes) {
      while (!this.connection.isWritable && this.connection.isOpen) await this.writable();
      const runBytes = Math.min(MAX_DATA_BYTES, endBytes - offset);
      await this.host.upGate.pass(runBytes);
      if (job.stopCode !== undefined || !this.connection.isOpen) break;
      const bytes = chunk.bytes.subarray(offset, offset + runBytes);
      unsentRunCount += 1;
      this.connection.sendData({ requestId, offsetBytes: offset, bytes }, runSent);
      this.host.bytesSent(this.link, runBytes);
      offset += runBytes;
    }
    runSent();
    return offset === endBytes;
  }

  private writable(): Promise<void> {
    return new Promise((resolve) => (this.wakeWriter = resolve));
  }

  private async read(job: UploadJob): Promise<ReadChunk> {
    const { signal } = this.closing;
    const { manifest } = job.transfer;
    const lengthBytes = manifest.layout.lengthBytes(job.request.chunkIndex);
    await this.host.servingBudget.take(lengthBytes, { signal });
    const buffer = this.host.buffers.take(lengthBytes);
    const release = () => {
      this.host.buffers.give(buffer);
      this.host.servingBudget.release(lengthBytes);
    };
    try {
      const chunk = await job.transfer.readChunk(job.request.chunkIndex, buffer, { signal });
      return { chunk, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  private reject(requestId: number, code: WireCode): void {
    this.connection.send({ type: 'reject', requestId, code });
  }
}
