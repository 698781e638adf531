import { randomBytes } from 'node:crypto';
import type { LoadProtocol } from './request-load.js';

const WANTED_COUNT = 50;
const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH = /content-length: (\d+)/i;
const OK_STATUS = 'HTTP/1.1 200';

/** BitTorrent's announce over HTTP, pipelined: the rival's only exchange is each kind of ours at once,
 *  a heartbeat, a report and 50 locations. */
export class AnnounceRequests implements LoadProtocol {
  private readonly paths: readonly string[];
  private nextIndex = 0;

  /** The first requests make the population: every peer announces every file once. */
  constructor(size: { fileCount: number; peersPerFileCount: number }) {
    const swarms = Array.from({ length: size.fileCount }, () => percentEncoded(randomBytes(20)));
    const peers = Array.from({ length: size.peersPerFileCount }, (_, index) => {
      const peerId = percentEncoded(randomBytes(20));
      const left = index % 2 === 0 ? 0 : 1_000_000;
      return `peer_id=${peerId}&port=${10_000 + index}&uploaded=1&downloaded=1&left=${left}`;
    });
    this.paths = swarms.flatMap((swarm) => {
      return peers.map((peer) => `info_hash=${swarm}&${peer}&compact=1&numwant=${WANTED_COUNT}`);
    });
  }

  /** How many requests it takes until every peer has announced every file. */
  get populationCount(): number {
    return this.paths.length;
  }

  get sentCount(): number {
    return this.nextIndex;
  }

  request(): string {
    const { length } = this.paths;
    const index = this.nextIndex < length ? this.nextIndex : Math.floor(Math.random() * length);
    this.nextIndex += 1;
    return `GET /announce?${this.paths[index]!} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  }

  reply(bytes: Buffer, start: number): { slot: undefined; end: number } | undefined {
    const headEnd = bytes.indexOf(HEAD_END, start);
    if (headEnd === -1) return undefined;
    const head = bytes.toString('latin1', start, headEnd);
    const length = LENGTH.exec(head)?.[1];
    if (length === undefined || !head.startsWith(OK_STATUS)) throw new Error(`refused: ${head}`);
    const end = headEnd + HEAD_END.length + Number(length);
    return end > bytes.length ? undefined : { slot: undefined, end };
  }
}

function percentEncoded(bytes: Buffer): string {
  return bytes.toString('hex').replace(/../g, (digits) => `%${digits}`);
}
