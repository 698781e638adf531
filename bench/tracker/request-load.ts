import { once } from 'node:events';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TrackerPath } from '../../apps/peer/src/net/tracker-path.js';

const CONNECT_TIMEOUT_MS = 5_000;

/** Requests as text, and where replies begin and end among bytes. Its work is not to be the limit. */
export interface LoadProtocol {
  /** The next request, whole; its reply names the slot, unless replies come in order. */
  request(slot: number): string;
  /** The first whole reply from `start` on; `slot` is undefined where replies come in order. Throws
   *  when it is a refusal. */
  reply(bytes: Buffer, start: number): { slot: number | undefined; end: number } | undefined;
}

export interface LoadShape {
  readonly connectionCount: number;
  /** Requests without a reply, over all connections. */
  readonly outstandingCount: number;
}

export interface LoadTimes {
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface LoadResult {
  readonly seconds: number;
  /** From writing a request to reading its reply, of each request, sorted. */
  readonly latenciesMs: Float64Array;
}

/** One connection and the requests that may be outstanding on it. */
interface LoadLine {
  readonly socket: Socket;
  readonly slots: number[];
  answeredCount: number;
  rest: Buffer;
}

/**
 * Keeps a number of requests outstanding at a server, over several connections: for each reply the
 * next request is sent, those of one read in one write.
 */
export class RequestLoad implements AsyncDisposable {
  private readonly sentAtMs: Float64Array;
  private latencies: number[] = [];
  private state: 'idle' | 'warming' | 'measuring' | 'draining' = 'idle';
  private waitingCount = 0;
  private protocol: LoadProtocol | undefined;
  private settle: { resolve: () => void; reject: (error: Error) => void } | undefined;

  private constructor(
    private readonly lines: readonly LoadLine[],
    outstandingCount: number,
  ) {
    this.sentAtMs = new Float64Array(outstandingCount);
    for (const line of lines) this.attach(line);
  }

  static async connect(path: TrackerPath, shape: LoadShape): Promise<RequestLoad> {
    const [server] = path.trackers;
    const { connectionCount, outstandingCount } = shape;
    const lines: LoadLine[] = [];
    for (let index = 0; index < connectionCount; index += 1) {
      const signal = AbortSignal.timeout(CONNECT_TIMEOUT_MS);
      const socket = await path.open(server!, { timeoutMs: CONNECT_TIMEOUT_MS, signal });
      socket.setNoDelay(true);
      lines.push({ socket, slots: [], answeredCount: 0, rest: Buffer.alloc(0) });
    }
    for (let slot = 0; slot < outstandingCount; slot += 1) {
      lines[slot % connectionCount]!.slots.push(slot);
    }
    return new RequestLoad(lines, outstandingCount);
  }

  /** Rejects when a request is refused or a connection ends. `whenMeasuring` is called at the begin
   *  and the end of what is measured. */
  async run(
    protocol: LoadProtocol,
    times: LoadTimes,
    whenMeasuring: () => void,
  ): Promise<LoadResult> {
    const drained = new Promise<void>((resolve, reject) => (this.settle = { resolve, reject }));
    this.protocol = protocol;
    this.latencies = [];
    this.state = 'warming';
    for (const line of this.lines) this.send(line, line.slots);
    const measured = this.measure(times, whenMeasuring);
    await Promise.race([drained, measured.then(() => drained)]);
    const seconds = await measured;
    this.state = 'idle';
    return { seconds, latenciesMs: Float64Array.from(this.latencies).sort() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.settle = undefined;
    for (const { socket } of this.lines) {
      if (socket.closed) continue;
      const closed = once(socket, 'close');
      socket.destroy();
      await closed;
    }
  }

  private async measure(times: LoadTimes, whenMeasuring: () => void): Promise<number> {
    await sleep(times.warmUpMs);
    whenMeasuring();
    const startedMs = performance.now();
    this.state = 'measuring';
    await sleep(times.measureMs);
    const seconds = (performance.now() - startedMs) / 1_000;
    this.state = 'draining';
    whenMeasuring();
    return seconds;
  }

  private attach(line: LoadLine): void {
    const fail = (error: Error) => this.settle?.reject(error);
    line.socket.on('error', fail);
    line.socket.on('close', () => fail(new Error('the server closed the connection')));
    line.socket.on('data', (bytes: Buffer) => {
      try {
        this.read(line, bytes);
      } catch (error) {
        fail(error as Error);
      }
    });
  }

  private read(line: LoadLine, bytes: Buffer): void {
    const data = line.rest.length === 0 ? bytes : Buffer.concat([line.rest, bytes]);
    const nowMs = performance.now();
    const freed: number[] = [];
    let start = 0;
    for (;;) {
      const reply = this.protocol?.reply(data, start);
      if (reply === undefined) break;
      start = reply.end;
      const slot = reply.slot ?? line.slots[line.answeredCount++ % line.slots.length]!;
      if (this.state === 'measuring') this.latencies.push(nowMs - this.sentAtMs[slot]!);
      freed.push(slot);
    }
    line.rest = data.subarray(start);
    this.waitingCount -= freed.length;
    if (this.state !== 'draining') this.send(line, freed);
    else if (this.waitingCount === 0) this.settle?.resolve();
  }

  private send(line: LoadLine, slots: readonly number[]): void {
    if (slots.length === 0) return;
    const nowMs = performance.now();
    let text = '';
    for (const slot of slots) {
      text += this.protocol!.request(slot);
      this.sentAtMs[slot] = nowMs;
    }
    this.waitingCount += slots.length;
    line.socket.write(text, 'latin1');
  }
}
