import { describe, expect, it } from 'vitest';
import { MAX_CHUNK_COUNT, MAX_DATA_BYTES, MAX_FRAME_BODY_BYTES } from '../limits.js';
import { encodeMessage } from './encode-message.js';
import { FrameSplitter } from './frame-splitter.js';

const refusal = (code: string) => expect.objectContaining({ name: 'ProtocolError', code }) as Error;

function splitterInto(bodies: Uint8Array[]): FrameSplitter {
  return new FrameSplitter({
    onBody: (body) => bodies.push(Uint8Array.from(body)),
    onData: () => expect.unreachable(),
  });
}

function prefixed(bodyBytes: number, type: number): Buffer {
  const start = Buffer.alloc(5);
  start.writeUInt32BE(bodyBytes, 0);
  start[4] = type;
  return start;
}

describe('FrameSplitter', () => {
  it.each([
    ['a body of no bytes', [0, 0, 0, 0], 'MALFORMED_FRAME'],
    ['a body one byte too long', [0, 2, 0, 0x41], 'FRAME_TOO_LARGE'],
    ['a length with its highest bit set', [0xff, 0xff, 0xff, 0xff], 'FRAME_TOO_LARGE'],
    ['text', [0x47, 0x45, 0x54, 0x20], 'FRAME_TOO_LARGE'],
  ])('refuses %s at its length, before any of it', (_fault, prefix, code) => {
    expect(MAX_FRAME_BODY_BYTES).toBe(0x20040);
    const splitter = splitterInto([]);
    expect(() => splitter.push(Uint8Array.from(prefix))).toThrow(refusal(code));
  });

  it('refuses a data frame without data at its type', () => {
    expect(() => splitterInto([]).push(prefixed(9, 0x07))).toThrow(refusal('MALFORMED_FRAME'));
    expect(() => splitterInto([]).push(prefixed(1, 0x07))).toThrow(refusal('MALFORMED_FRAME'));
  });

  it('refuses a data frame that carries more than MAX_DATA_BYTES at its type', () => {
    expect(() => splitterInto([]).push(prefixed(9 + MAX_DATA_BYTES, 0x07))).not.toThrow();
    expect(() => splitterInto([]).push(prefixed(9 + MAX_DATA_BYTES + 1, 0x07))).toThrow(
      refusal('FRAME_TOO_LARGE'),
    );
  });

  it('takes the bitfield of the longest file', () => {
    const held = new Uint8Array(MAX_CHUNK_COUNT / 8).fill(0xa5);
    const frame = encodeMessage({ type: 'bitfield', fileNumber: 1, held });
    for (const cutAt of [frame.length, 4, 5, 1_000, frame.length - 1]) {
      const bodies: Uint8Array[] = [];
      const splitter = splitterInto(bodies);
      splitter.push(frame.subarray(0, cutAt));
      splitter.push(frame.subarray(cutAt));
      expect(bodies).toHaveLength(1);
      expect(Buffer.compare(bodies[0]!, frame.subarray(4))).toBe(0);
    }
  });

  it('passes on frames whose type may be skipped', () => {
    const bodies: Uint8Array[] = [];
    splitterInto(bodies).push(Uint8Array.of(0, 0, 0, 2, 0xff, 7, 0, 0, 0, 1, 0x0d));
    expect(bodies).toEqual([Uint8Array.of(0xff, 7), Uint8Array.of(0x0d)]);
  });

  it('does nothing with nothing', () => {
    const bodies: Uint8Array[] = [];
    splitterInto(bodies).push(new Uint8Array(0));
    expect(bodies).toEqual([]);
  });
});
