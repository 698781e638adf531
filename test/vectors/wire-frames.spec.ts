import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  decodeMessage,
  encodeMessage,
  FRAME_TYPES,
  FrameSplitter,
  type DataMessage,
  type WireMessage,
} from '#protocol';

interface GoldenFrame {
  readonly name: string;
  /** The whole frame, length prefix included. */
  readonly hex: string;
  readonly message: WireMessage;
}

/** Bytes stand in the file as `{ "hex": … }`. */
function reviveBytes(_key: string, value: unknown): unknown {
  const isBytes =
    typeof value === 'object' && value !== null && Object.keys(value).join() === 'hex';
  return isBytes ? Uint8Array.from(Buffer.from((value as { hex: string }).hex, 'hex')) : value;
}

// The generator of the file is not this codec: the bytes were put together field by field from
// docs/wire-protocol.md. Changing one is a change of the protocol.
const frames = JSON.parse(
  readFileSync(new URL('./wire-frames.json', import.meta.url), 'utf8'),
  reviveBytes,
) as GoldenFrame[];

function splitIntoMessages(bytes: Uint8Array): (WireMessage | undefined)[] {
  const messages: (WireMessage | undefined)[] = [];
  const splitter = new FrameSplitter({
    onBody: (body) => messages.push(decodeMessage(Uint8Array.from(body))),
    onData: (requestId, offsetBytes, run) => {
      const message: DataMessage = {
        type: 'data',
        requestId,
        offsetBytes,
        bytes: Uint8Array.from(run),
      };
      messages.push(message);
    },
  });
  splitter.push(bytes);
  return messages;
}

describe('golden frames', () => {
  it.each(frames)('encode: $name', ({ hex, message }) => {
    expect(encodeMessage(message).toString('hex')).toBe(hex);
  });

  it.each(frames)('decode: $name', ({ hex, message }) => {
    const frame = Uint8Array.from(Buffer.from(hex, 'hex'));
    expect(decodeMessage(frame.subarray(4))).toEqual(message);
  });

  it('come out of one stream as they went in', () => {
    const stream = Buffer.from(frames.map((frame) => frame.hex).join(''), 'hex');
    expect(splitIntoMessages(stream)).toEqual(frames.map((frame) => frame.message));
  });

  it('cover every frame type, each once at least', () => {
    const covered = new Set(frames.map((frame) => frame.message.type));
    expect([...covered].sort()).toEqual(Object.keys(FRAME_TYPES).sort());
    expect(new Set(frames.map((frame) => frame.name)).size).toBe(frames.length);
  });
});
