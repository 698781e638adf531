import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import {
  decodeMessage,
  encodeMessage,
  MAX_DATA_BYTES,
  MAX_FRAME_BODY_BYTES,
  ProtocolError,
} from '#protocol';
import { anyMessage } from './arbitrary-messages.js';
import { arbitraryCuts, arbitraryStream } from './cut-stream.js';
import { fuzzSubject, valueOrCode, type FuzzSubject } from './fuzz-subject.js';
import { pushCut, Receiver } from './wire-receiver.js';

const isRefusal = (error: unknown): error is ProtocolError => error instanceof ProtocolError;

const noise = fc.uint8Array({ maxLength: 300 });

/** One byte of a frame is another one. */
const mutant = fc
  .tuple(anyMessage, fc.nat(), fc.nat(0xff))
  .map(([message, place, value]) => changed(encodeMessage(message), place, value));

/** A frame whose length says something else than is true. */
const liar = fc
  .tuple(
    anyMessage,
    fc.oneof(
      fc.nat(300),
      fc.constantFrom(0, MAX_DATA_BYTES + 9, MAX_FRAME_BODY_BYTES, MAX_FRAME_BODY_BYTES + 1),
      fc.constantFrom(0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
    ),
  )
  .map(([message, bodyBytes]) => {
    const frame = Buffer.from(encodeMessage(message));
    frame.writeUInt32BE(bodyBytes);
    return frame;
  });

const right = anyMessage.map((message) => Uint8Array.from(encodeMessage(message)));
const stream = arbitraryStream({ right, mutant, liar, noise });

function changed(bytes: Uint8Array, place: number, value: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[place % copy.length] = value;
  return copy;
}

/** What a receiver learns of a stream, and why it refuses the rest of it. */
function received(bytes: Uint8Array, cuts: readonly number[]) {
  const receiver = new Receiver();
  const end = valueOrCode(() => pushCut(receiver.splitter, bytes, cuts), isRefusal);
  return { arrivals: receiver.arrivals, end };
}

/** The decoder of the peer wire. */
export const WIRE_SUBJECTS: readonly FuzzSubject[] = [
  fuzzSubject(
    'a stream is the same messages and the same refusal wherever it is cut',
    fc.tuple(stream, arbitraryCuts),
    ([bytes, cuts]) => deepStrictEqual(received(bytes, cuts), received(bytes, [])),
  ),
  fuzzSubject(
    'a body is a message or a typed refusal',
    fc.oneof(
      noise,
      mutant.map((bytes) => bytes.subarray(4)),
    ),
    (body) => void valueOrCode(() => decodeMessage(body), isRefusal),
  ),
];
