import { lookup } from 'node:dns/promises';
import { dialPinned, type DialContext } from '#identity';
import type { Endpoint, Identity } from '#protocol';
import { leadsToOwnLoopback } from './own-loopback.js';

/** Where somebody is to answer, and who. */
export interface DialTarget {
  readonly endpoint: Endpoint;
  readonly expected: Identity;
  /** Whether the peer was seen on this machine: only then may a name lead to loopback. */
  readonly from: 'this-machine' | 'elsewhere';
}

export interface DialLimits {
  readonly maxInflightCount: number;
  /** Further ones are not dialled at all. */
  readonly maxWaitingCount: number;
  readonly maxPerSecond: number;
  /** For the name, the connection and the handshake together. */
  readonly timeoutMs: number;
}

export const DIAL_LIMITS: DialLimits = {
  maxInflightCount: 64,
  maxWaitingCount: 16_384,
  maxPerSecond: 100,
  timeoutMs: 5_000,
};

interface WaitingDial {
  readonly target: DialTarget;
  readonly settle: (answer: Endpoint | undefined) => void;
}

/** All addresses of a name. */
export type ResolveName = (host: string) => Promise<readonly { readonly address: string }[]>;

const resolveName: ResolveName = (host) => lookup(host, { all: true });

const SECOND_MS = 1_000;
const MAX_ADDRESSES_PER_NAME = 4;

/**
 * Looks whether somebody answers: one TLS handshake, in which both ends prove who they are, and nothing
 * else. Few at once and in each second, whatever is asked for.
 */
export class DialBack {
  private waiting: WaitingDial[] = [];
  private inflightCount = 0;
  private dialledCount = 0;
  private secondTimer: NodeJS.Timeout | undefined;
  private readonly closing = new AbortController();

  constructor(
    private readonly context: DialContext,
    private readonly limits: DialLimits = DIAL_LIMITS,
    private readonly resolve: ResolveName = resolveName,
  ) {}

  /** The address at which the right one has answered; undefined when nobody else did, or there is too
   *  much to do. */
  dial(target: DialTarget): Promise<Endpoint | undefined> {
    const isFull = this.waiting.length >= this.limits.maxWaitingCount;
    if (isFull || this.closing.signal.aborted) return Promise.resolve(undefined);
    return new Promise((settle) => {
      this.waiting.push({ target, settle });
      this.next();
    });
  }

  /** Ends all of them. May be called twice. */
  close(): void {
    this.closing.abort(new Error('closing'));
    clearTimeout(this.secondTimer);
    for (const { settle } of this.waiting.splice(0)) settle(undefined);
  }

  private next(): void {
    const { maxInflightCount, maxPerSecond } = this.limits;
    while (this.inflightCount < maxInflightCount && this.dialledCount < maxPerSecond) {
      const dial = this.waiting.shift();
      if (dial === undefined) return;
      this.inflightCount += 1;
      this.countDial();
      void this.attempt(dial.target).then((answer) => {
        this.inflightCount -= 1;
        dial.settle(answer);
        this.next();
      });
    }
  }

  private countDial(): void {
    this.dialledCount += 1;
    this.secondTimer ??= setTimeout(() => this.beginSecond(), SECOND_MS);
  }

  /** Further addresses of names may have been too many: they count for this second. */
  private beginSecond(): void {
    this.dialledCount = Math.max(0, this.dialledCount - this.limits.maxPerSecond);
    const isBehind = this.dialledCount > 0;
    this.secondTimer = isBehind ? setTimeout(() => this.beginSecond(), SECOND_MS) : undefined;
    this.next();
  }

  private async attempt(target: DialTarget): Promise<Endpoint | undefined> {
    const { timeoutMs } = this.limits;
    const signal = AbortSignal.any([this.closing.signal, AbortSignal.timeout(timeoutMs)]);
    try {
      for (const [index, host] of (await addressesOf(target, this.resolve, signal)).entries()) {
        signal.throwIfAborted();
        if (index > 0) this.countDial(); // the first one was counted when its turn came
        const endpoint = { host, port: target.endpoint.port };
        if (await this.answers(endpoint, target.expected, signal)) return endpoint;
      }
    } catch {
      // The name is not known, or time is over.
    }
    return undefined;
  }

  private async answers(
    endpoint: Endpoint,
    expected: Identity,
    signal: AbortSignal,
  ): Promise<boolean> {
    const dial = { endpoint, context: this.context, expected, protocol: 'shoal/1' } as const;
    try {
      const { socket } = await dialPinned(dial, { signal });
      socket.on('error', () => undefined); // it is not used
      socket.destroySoon(); // after what is left of the handshake
      return true;
    } catch {
      return false;
    }
  }
}

/** Others are told the address that has answered: a name may lead elsewhere later. */
async function addressesOf(
  { endpoint, from }: DialTarget,
  resolve: ResolveName,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  const found = await Promise.race([resolve(endpoint.host), late]);
  const addresses = found.map(({ address }) => address).slice(0, MAX_ADDRESSES_PER_NAME);
  return from === 'this-machine' ? addresses : addresses.filter((one) => !leadsToOwnLoopback(one));
}
