import { TRACKER_PATTERNS } from '#protocol';
import type { LoadProtocol } from './request-load.js';
import type { Population } from './population.js';

export const EXCHANGES = ['heartbeat', 'chunkRegister', 'locations', 'list'] as const;
export type Exchange = (typeof EXCHANGES)[number];

/** Of a hundred requests of the mix. */
const MIX: Readonly<Record<Exchange, number>> = {
  heartbeat: 50,
  chunkRegister: 30,
  locations: 15,
  list: 5,
};
const CHUNKS_PER_REGISTER = 8;
const LOCATIONS_LIMIT = 50;
const LIST_LIMIT = 100;

const SLOT_DIGITS = 4;
const MIN_REPLY_BYTES = 30;
/** One reply of so many is parsed and looked at, all others only for a refusal. */
const CHECK_INTERVAL = 509;
const HASH = '#'.charCodeAt(0);
const ZERO = '0'.charCodeAt(0);
const ID_END = Buffer.from('"}');
const RESPONSE_START = '{"response"';

/** The framing of docs/tracker-api.md, read without parsing: replies here are ASCII. */
export class TrackerRequests implements LoadProtocol {
  private replyCount = 0;
  private readonly exchangeOfSlot: Exchange[] = [];

  constructor(
    private readonly population: Population,
    private readonly next: () => Exchange,
  ) {}

  /** Requests of one kind only. */
  static only(exchange: Exchange, population: Population): TrackerRequests {
    return new TrackerRequests(population, () => exchange);
  }

  /** All of them, in random order. */
  static mix(population: Population): TrackerRequests {
    const drawn = EXCHANGES.flatMap((exchange) => Array<Exchange>(MIX[exchange]).fill(exchange));
    return new TrackerRequests(population, () => oneOf(drawn));
  }

  request(slot: number): string {
    const exchange = this.next();
    this.exchangeOfSlot[slot] = exchange;
    const id = String(slot).padStart(SLOT_DIGITS, '0');
    const json = `{"pattern":"${TRACKER_PATTERNS[exchange]}","data":${this.data(exchange)},"id":"${id}"}`;
    return `${json.length}#${json}`;
  }

  reply(bytes: Buffer, start: number): { slot: number; end: number } | undefined {
    let jsonStart = start;
    let lengthBytes = 0;
    for (; bytes[jsonStart] !== HASH; jsonStart += 1) {
      if (jsonStart >= bytes.length) return undefined;
      lengthBytes = lengthBytes * 10 + bytes[jsonStart]! - ZERO;
    }
    jsonStart += 1;
    const end = jsonStart + lengthBytes;
    if (end > bytes.length) return undefined;
    if (lengthBytes < MIN_REPLY_BYTES || bytes.compare(ID_END, 0, 2, end - 2, end) !== 0) {
      throw new Error(`not a reply: ${bytes.toString('latin1', start, end)}`);
    }
    let slot = 0;
    for (let at = end - 2 - SLOT_DIGITS; at < end - 2; at += 1) {
      slot = slot * 10 + bytes[at]! - ZERO;
    }
    if (bytes.toString('latin1', jsonStart, jsonStart + RESPONSE_START.length) !== RESPONSE_START) {
      throw new Error(`refused: ${bytes.toString('latin1', jsonStart, end)}`);
    }
    this.replyCount += 1;
    if (this.replyCount % CHECK_INTERVAL === 1)
      this.check(slot, bytes.toString('utf8', jsonStart, end));
    return { slot, end };
  }

  private data(exchange: Exchange): string {
    const { files, peers } = this.population;
    if (exchange === 'locations') {
      return `{"files":["${oneOf(files).name}"],"exclude":"${oneOf(peers).peerId}","limit":${LOCATIONS_LIMIT}}`;
    }
    if (exchange === 'list') {
      const after = files[Math.floor(Math.random() * Math.max(1, files.length - LIST_LIMIT))]!;
      return `{"prefix":"builds/","after":"${after.name}","limit":${LIST_LIMIT}}`;
    }
    const peer = oneOf(peers);
    const caller = `{"peerId":"${peer.peerId}","session":"${peer.session}"`;
    if (exchange === 'heartbeat') {
      return `${caller},"bytesUp":${Date.now()},"bytesDown":${this.replyCount}}`;
    }
    return `${caller},"files":[{"digest":"${oneOf(peer.partial).digest}","ranges":${this.ranges()}}]}`;
  }

  private ranges(): string {
    let text = '';
    for (let count = 0; count < CHUNKS_PER_REGISTER; count += 1) {
      const index = Math.floor(Math.random() * this.population.size.chunkCount);
      text += `${count === 0 ? '' : ','}[${index},${index}]`;
    }
    return `[${text}]`;
  }

  private check(slot: number, json: string): void {
    const exchange = this.exchangeOfSlot[slot]!;
    const { response } = JSON.parse(json) as { response: Reply };
    const { peersPerFileCount } = this.population.size;
    const isRight = {
      heartbeat: () => typeof response.bootId === 'string',
      chunkRegister: () => response.results?.[0]?.ok === true,
      list: () => response.files?.length === Math.min(LIST_LIMIT, this.population.files.length - 1),
      locations: () => {
        const given = response.files?.[0]?.locations?.length ?? 0;
        return given === LOCATIONS_LIMIT || given >= peersPerFileCount - 1;
      },
    }[exchange]();
    if (!isRight) throw new Error(`not what ${exchange} asked for: ${json.slice(0, 300)}`);
  }
}

/** What is looked at of the replies of all exchanges. */
interface Reply {
  readonly bootId?: unknown;
  readonly results?: readonly { readonly ok: boolean }[];
  readonly files?: readonly { readonly locations?: readonly unknown[] }[];
}

function oneOf<T>(items: readonly T[]): T {
  return items[Math.floor(Math.random() * items.length)]!;
}
