import fc from 'fast-check';
import {
  digestFromBytes,
  MAX_CHUNK_BYTES,
  MAX_CHUNK_COUNT,
  MAX_GOODBYE_TEXT_BYTES,
  MAX_HAVE_CHUNK_COUNT,
  parsePeerId,
  toChunkIndex,
  WIRE_CODES,
  WIRE_VERSION,
  type FRAME_TYPES,
  type WireCode,
  type WireMessage,
} from '#protocol';

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
export const arbitraryData = (maxLength: number) =>
  fc.record({
    type: type('data'),
    requestId: u32,
    offsetBytes: u32,
    bytes: fc.uint8Array({ minLength: 1, maxLength }),
  });

/** One entry for each frame type: a type that is forgotten here does not compile. */
export const arbitraryMessages: { [T in keyof typeof FRAME_TYPES]: fc.Arbitrary<WireMessage> } = {
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
  data: arbitraryData(600),
  reject: fc.record({ type: type('reject'), requestId: u32, code }),
  cancel: fc.record({ type: type('cancel'), requestId: u32 }),
  choke: fc.constant({ type: 'choke' }),
  unchoke: fc.constant({ type: 'unchoke' }),
  suggest: fc.record({ type: type('suggest'), fileNumber: u32, chunkIndex }),
  keepalive: fc.constant({ type: 'keepalive' }),
  goodbye: fc.record({ type: type('goodbye'), code, text }),
  credential: fc.record({
    type: type('credential'),
    credential: fc.stringMatching(/^[A-Za-z0-9._-]{0,100}$/),
  }),
};
export const anyMessage = fc.oneof(...Object.values(arbitraryMessages));
