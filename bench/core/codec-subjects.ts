import {
  Bitfield,
  decodeMessage,
  encodeDataHeader,
  encodeMessage,
  FrameSplitter,
  type WireMessage,
} from '#protocol';
import { halfOf, scattered, type CoreSubject } from './core-subject.js';

const MESSAGE_COUNT = 20_000;
const DATA_BYTES = 64 * 1024;
const CHUNK_BYTES = 256 * 1024;

/** What a program at the other end of each connection understands. */
class Receivers {
  bodyCount = 0;
  dataBytes = 0;
  private readonly splitters: readonly FrameSplitter[];

  constructor(connectionCount: number) {
    this.splitters = Array.from({ length: connectionCount }, () => {
      return new FrameSplitter({
        onBody: (body) => this.receive(decodeMessage(body)),
        onData: (_requestId, _offsetBytes, bytes) => {
          this.dataBytes += bytes.length;
        },
      });
    });
  }

  push(connection: number, bytes: Uint8Array): void {
    this.splitters[connection % this.splitters.length]!.push(bytes);
  }

  private receive(message: WireMessage | undefined): void {
    if (message !== undefined) this.bodyCount += 1;
  }
}

/** Messages of one kind, one connection after the other; `make` is told how many came before. */
function exchange(
  title: string,
  make: (nth: number, chunkCount: number) => WireMessage,
): CoreSubject {
  return {
    title,
    uses: 'all',
    prepare({ chunkCount, connectionCount }) {
      const receivers = new Receivers(connectionCount);
      return () => {
        for (let nth = 0; nth < MESSAGE_COUNT; nth += 1) {
          receivers.push(nth, encodeMessage(make(nth, chunkCount)));
        }
        return receivers.bodyCount;
      };
    },
  };
}

const requests = exchange('codec: request there', (nth, chunkCount) => ({
  type: 'request',
  fileNumber: 1,
  requestId: nth,
  chunkIndex: scattered(nth, chunkCount),
  offsetBytes: 0,
  lengthBytes: CHUNK_BYTES,
}));

const haves = exchange('codec: have of one chunk there', (nth, chunkCount) => ({
  type: 'have',
  fileNumber: 1,
  chunkIndexes: [scattered(nth, chunkCount)],
}));

/** 64 KiB, as they come out of a socket: the bytes are passed on and not looked at. */
const data: CoreSubject = {
  title: 'codec: data frame of 64 KiB there',
  uses: 'all',
  prepare({ connectionCount }) {
    const receivers = new Receivers(connectionCount);
    const bytes = Buffer.alloc(DATA_BYTES);
    return () => {
      for (let nth = 0; nth < MESSAGE_COUNT; nth += 1) {
        receivers.push(nth, encodeDataHeader({ requestId: nth, offsetBytes: 0, bytes }));
        receivers.push(nth, bytes);
      }
      return receivers.dataBytes / DATA_BYTES;
    };
  },
};

const bitfields: CoreSubject = {
  title: 'codec: bitfield there, each chunk',
  uses: 'all',
  prepare({ chunkCount, connectionCount }) {
    const held = halfOf(chunkCount, 0);
    const timesCount = Math.ceil((10 * MESSAGE_COUNT) / chunkCount);
    let heldCount = 0;
    const splitters = Array.from({ length: connectionCount }, () => {
      return new FrameSplitter({
        onBody(body) {
          const message = decodeMessage(body);
          if (message?.type !== 'bitfield' || typeof message.held === 'string') return;
          heldCount += Bitfield.fromBytes(chunkCount, message.held).count;
        },
        onData: () => undefined,
      });
    });
    return () => {
      for (let time = 0; time < timesCount; time += 1) {
        const frame = encodeMessage({ type: 'bitfield', fileNumber: 1, held: held.toBytes() });
        splitters[time % splitters.length]!.push(frame);
      }
      return (heldCount / held.count) * chunkCount;
    };
  },
};

export const CODEC_SUBJECTS = [requests, haves, data, bitfields];
