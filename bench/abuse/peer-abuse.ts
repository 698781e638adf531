import { rawFrame, rawFrames } from '../../test/support/raw-frames.js';
import { RawPeer, rawPeerId } from '../../test/support/raw-peer.js';
import { noise, untilEnded, written } from '../../test/support/strangers.js';
import {
  keepBusy,
  LINES_AT_ONCE,
  untilAborted,
  type Abuse,
  type AbuseTarget,
} from './abuse-kind.js';

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const STALLED_COUNT = 100;
const TINY_PER_WRITE = 50_000;
const ASKED_PER_READER = 500;
const RANGE_BYTES = 256 * 1024;

/** Another process for each number. */
function numberedPeerId(number: number): string {
  const end = [15, 10, 5, 0].map((shift) => BASE32[(number >>> shift) & 31]).join('');
  return rawPeerId('s', end);
}

/** Meets the peer and does something with the connection, again and again as somebody else. */
async function meetAgain(
  { target, signal, number }: { target: AbuseTarget; signal: AbortSignal; number: number },
  work: (peer: RawPeer) => Promise<void>,
): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      await using peer = await RawPeer.meet(target.endpoint, numberedPeerId(number + 64 * attempt));
      await work(peer);
    } catch {
      // It was turned away.
    }
  }
}

/** What is done to a peer's port, by its name in the table. */
export const PEER_ABUSE: Readonly<Record<string, Abuse>> = {
  'idle connections': async ({ strangers, signal }) => {
    await strangers.crowd(5_000, { signal });
  },
  'connections made and left': ({ strangers, signal }) => strangers.knock({ signal }),
  'hellos made and left': async ({ strangers, signal }) => {
    let number = 0;
    const beginning = () => rawFrames.hello(numberedPeerId((number += 1)));
    await strangers.knock({ signal, beginning });
  },
  'random bytes': async ({ strangers, signal }) => {
    const bytes = noise(64 * 1024);
    await keepBusy(LINES_AT_ONCE, () => strangers.flood(() => bytes, { signal }));
  },
  'half messages': async ({ target, signal }) => {
    await keepBusy(STALLED_COUNT, async (number) => {
      await meetAgain({ target, signal, number }, async (peer) => {
        peer.send(rawFrames.data(0, 0, Buffer.alloc(64 * 1024)).subarray(0, 60_000));
        await untilAborted(signal, peer.socket);
      });
    });
  },
  'tiny messages': async ({ target, signal }) => {
    const bytes = Buffer.concat(
      Array.from({ length: TINY_PER_WRITE }, () => rawFrame('keepalive')),
    );
    await keepBusy(LINES_AT_ONCE, async (number) => {
      await meetAgain({ target, signal, number }, async ({ socket }) => {
        await untilEnded(socket, { signal, work: () => written(socket, bytes) });
      });
    });
  },
  'everything asked for, nothing read': async ({ target, signal }) => {
    const { digest, chunkCount } = target.file!;
    await keepBusy(2 * LINES_AT_ONCE, async (number) => {
      await meetAgain({ target, signal, number }, async (peer) => {
        peer.send(rawFrames.open(0, digest, chunkCount), rawFrames.bitfield(0, 'none'));
        await peer.next('unchoke');
        peer.stopReading();
        for (let id = 0; id < ASKED_PER_READER; id += 1) {
          const chunk = id % Math.max(1, chunkCount - 1);
          peer.send(rawFrames.request(0, id, { chunk, length: RANGE_BYTES }));
        }
        await untilAborted(signal, peer.socket);
      });
    });
  },
};
