import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WIRE_CODES, type WireCode } from '../errors.js';
import { digestFromBytes, parsePeerId, toChunkIndex } from '../ids.js';
import {
  MAX_CHUNK_BYTES,
  MAX_CHUNK_COUNT,
  MAX_DATA_BYTES,
  MAX_GOODBYE_TEXT_BYTES,
  MAX_HAVE_CHUNK_COUNT,
} from '../limits.js';
import { decodeMessage } from './decode-message.js';
import { encodeMessage } from './encode-message.js';
import { FrameSplitter } from './frame-splitter.js';
import { FRAME_TYPES, WIRE_VERSION, type WireMessage } from './message.js';

const u32 = fc.oneof(fc.nat(), fc.constantFrom(0, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff));
const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const code = fc.constantFrom(...(Object.keys(WIRE_CODES) as WireCode[]));
const chunkIndex = fc
  .oneof(fc.nat(MAX_CHUNK_COUNT - 1), fc.constant(MAX_CHUNK_COUNT - 1))
  .map(toChunkIndex);
const fields = fc.array(fc.record({ type: fc.nat(0xffff), value: bytes(40) }), { maxLength: 4 });
const peerId = fc
  .tuple(fc.stringMatching(/^[a-z2-7]{32}$/), fc.stringMatching(/^[a-z2-7]{4}$/))
  .map((halves) => parsePeerId(halves.join('-')));
const range = fc
  .tuple(fc.nat(MAX_CHUNK_BYTES), fc.nat(MAX_CHUNK_BYTES))
  .filter(([start, end]) => start < end)
  .map(([start, end]) => ({ offsetBytes: start, lengthBytes: end - start }));
const text = fc
  .string({ unit: 'binary', maxLength: 64 })
  .filter((value) => Buffer.byteLength(value) <= MAX_GOODBYE_TEXT_BYTES);
const type = <T extends WireMessage['type']>(name: T) => fc.constant(name);
const data = (maxLength: number) =>
  fc.record({
    type: type('data'),
    requestId: u32,
    offsetBytes: u32,
    bytes: fc.uint8Array({ minLength: 1, maxLength }),
  });

/** One entry for each frame type: a type that is forgotten here does not compile. */
const messages: { [T in keyof typeof FRAME_TYPES]: fc.Arbitrary<WireMessage> } = {
  hello: fc.record({
    type: type('hello'),
    version: fc.constant(WIRE_VERSION),
    features: u32,
    peerId,
    fields,
  }),
  open: fc.record({
    type: type('open'),
    fileNumber: u32,
    digest: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(digestFromBytes),
    chunkCount: fc.nat(MAX_CHUNK_COUNT),
    fields,
  }),
  close: fc.record({
    type: type('close'),
    numberedBy: fc.constantFrom('sender' as const, 'receiver' as const),
    fileNumber: u32,
    code,
  }),
  bitfield: fc.record({
    type: type('bitfield'),
    fileNumber: u32,
    held: fc.oneof(fc.constantFrom('none' as const, 'all' as const), bytes(300)),
  }),
  have: fc.record({
    type: type('have'),
    fileNumber: u32,
    chunkIndexes: fc.array(chunkIndex, { minLength: 1, maxLength: MAX_HAVE_CHUNK_COUNT }),
  }),
  request: fc
    .tuple(fc.record({ type: type('request'), fileNumber: u32, requestId: u32, chunkIndex }), range)
    .map(([message, range]) => ({ ...message, ...range })),
  data: data(600),
  reject: fc.record({ type: type('reject'), requestId: u32, code }),
  cancel: fc.record({ type: type('cancel'), requestId: u32 }),
  choke: fc.constant({ type: 'choke' }),
  unchoke: fc.constant({ type: 'unchoke' }),
  suggest: fc.record({ type: type('suggest'), fileNumber: u32, chunkIndex }),
  keepalive: fc.constant({ type: 'keepalive' }),
  goodbye: fc.record({ type: type('goodbye'), code, text }),
};
const anyMessage = fc.oneof(...Object.values(messages));

type Arrival = WireMessage | undefined | { data: number; offsetBytes: number; hex: string };

/** What a receiver learns. Runs of a data frame mean what smaller data frames would: neighbours
 *  are joined, so that only the bytes and their places count. */
class Receiver {
  readonly arrivals: Arrival[] = [];
  readonly splitter = new FrameSplitter({
    onBody: (body) => this.arrivals.push(decodeMessage(Uint8Array.from(body))),
    onData: (requestId, offsetBytes, run) => this.onData(requestId, offsetBytes, run),
  });

  onData(requestId: number, offsetBytes: number, run: Uint8Array): void {
    const hex = Buffer.from(run).toString('hex');
    const last = this.arrivals.at(-1);
    const follows =
      last !== undefined &&
      'data' in last &&
      last.data === requestId &&
      last.offsetBytes + last.hex.length / 2 === offsetBytes;
    if (follows) last.hex += hex;
    else this.arrivals.push({ data: requestId, offsetBytes, hex });
  }
}

function expectedArrivals(sent: readonly WireMessage[]): Arrival[] {
  const receiver = new Receiver();
  for (const message of sent) {
    if (message.type === 'data') {
      receiver.onData(message.requestId, message.offsetBytes, message.bytes);
    } else {
      receiver.arrivals.push(message);
    }
  }
  return receiver.arrivals;
}

function pushCut(splitter: FrameSplitter, stream: Uint8Array, cuts: readonly number[]): void {
  const places = cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b);
  let start = 0;
  for (const end of [...places, stream.length]) {
    // A copy that is wiped: what the splitter keeps beyond a call must be its own.
    const run = Uint8Array.from(stream.subarray(start, end));
    splitter.push(run);
    run.fill(0xee);
    start = end;
  }
}

describe('encodeMessage and decodeMessage', () => {
  it.each(Object.entries(messages))('give every %s back', (_type, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (message) => {
        const frame = encodeMessage(message);
        expect(frame.readUInt32BE(0)).toBe(frame.length - 4);
        expect(frame[4]).toBe(FRAME_TYPES[message.type]);
        expect(decodeMessage(Uint8Array.from(frame.subarray(4)))).toEqual(message);
      }),
    );
  });

  it('have one encoding for each message: what decodes encodes to the same bytes', () => {
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc
        .tuple(fc.integer({ min: 1, max: 0x10 }), bytes(80))
        .map(([t, b]) => Uint8Array.of(t, ...b)),
    );
    fc.assert(
      fc.property(body, (body) => {
        const message = tryDecode(body);
        // Of a code number or a text from elsewhere only the meaning is kept.
        if (message === undefined || 'code' in message) return;
        expect(encodeMessage(message).subarray(4)).toEqual(Buffer.from(body));
      }),
      { numRuns: 3_000 },
    );
  });

  it('throw nothing but ProtocolError, whatever the bytes', () => {
    const damaged = fc
      .tuple(anyMessage, fc.nat(), fc.nat(0xff), fc.nat(), bytes(8))
      .map(([message, place, value, cut, tail]) => {
        const body = Uint8Array.from(encodeMessage(message).subarray(4));
        body[place % body.length] = value;
        return Buffer.concat([body.subarray(0, 1 + (cut % body.length)), tail]);
      });
    fc.assert(
      fc.property(fc.oneof(damaged, bytes(200)), (body) => void tryDecode(body)),
      { numRuns: 5_000 },
    );
  });
});

describe('FrameSplitter', () => {
  const cuts = fc.array(fc.nat(), { maxLength: 30 });

  it('gives the same frames and the same data wherever the stream is cut', () => {
    const sent = fc.array(fc.oneof(anyMessage, data(600)), { maxLength: 12 });
    fc.assert(
      fc.property(sent, cuts, (sent, cuts) => {
        const receiver = new Receiver();
        pushCut(receiver.splitter, Buffer.concat(sent.map(encodeMessage)), cuts);
        expect(receiver.arrivals).toEqual(expectedArrivals(sent));
      }),
      { numRuns: 300 },
    );
  });

  it('gives the same when every byte comes alone', () => {
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 6 }), (sent) => {
        const stream = Buffer.concat(sent.map(encodeMessage));
        const receiver = new Receiver();
        for (let at = 0; at < stream.length; at += 1) {
          receiver.splitter.push(stream.subarray(at, at + 1));
        }
        expect(receiver.arrivals).toEqual(expectedArrivals(sent));
      }),
      { numRuns: 30 },
    );
  });

  it('passes the largest data frame on, in runs', () => {
    const message = {
      type: 'data' as const,
      requestId: 1,
      offsetBytes: 7,
      bytes: Uint8Array.from({ length: MAX_DATA_BYTES }, (_, index) => index % 251),
    };
    fc.assert(
      fc.property(cuts, (cuts) => {
        const receiver = new Receiver();
        pushCut(receiver.splitter, encodeMessage(message), cuts);
        expect(receiver.arrivals).toEqual(expectedArrivals([message]));
      }),
      { numRuns: 20 },
    );
  });

  it('refuses the same streams wherever they are cut, after the same frames', () => {
    const stream = fc
      .tuple(fc.array(anyMessage, { maxLength: 3 }), bytes(60))
      .map(([sent, tail]) => Buffer.concat([...sent.map(encodeMessage), tail]));
    const outcome = (stream: Uint8Array, cuts: readonly number[]) => {
      const receiver = new Receiver();
      try {
        pushCut(receiver.splitter, stream, cuts);
        return { refused: undefined, arrivals: receiver.arrivals };
      } catch (error) {
        expect(error).toMatchObject({ name: 'ProtocolError' });
        return { refused: String(error), arrivals: receiver.arrivals };
      }
    };
    fc.assert(
      fc.property(stream, cuts, (stream, cuts) => {
        expect(outcome(stream, cuts)).toEqual(outcome(stream, []));
      }),
      { numRuns: 1_000 },
    );
  });
});

function tryDecode(body: Uint8Array): WireMessage | undefined {
  try {
    return decodeMessage(body);
  } catch (error) {
    expect(error).toMatchObject({ name: 'ProtocolError' });
    return undefined;
  }
}
