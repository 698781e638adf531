import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  anyMessage,
  arbitraryData,
  arbitraryMessages,
} from '../../../../test/fuzz/arbitrary-messages.js';
import { arbitraryCuts } from '../../../../test/fuzz/cut-stream.js';
import { expectedArrivals, pushCut, Receiver } from '../../../../test/fuzz/wire-receiver.js';
import { MAX_DATA_BYTES } from '../limits.js';
import { decodeMessage } from './decode-message.js';
import { encodeMessage } from './encode-message.js';
import { FRAME_TYPES, type WireMessage } from './message.js';

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });

describe('encodeMessage and decodeMessage', () => {
  it.each(Object.entries(arbitraryMessages))('give every %s back', (_type, arbitrary) => {
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
  it('gives the same frames and the same data wherever the stream is cut', () => {
    const sent = fc.array(fc.oneof(anyMessage, arbitraryData(600)), { maxLength: 12 });
    fc.assert(
      fc.property(sent, arbitraryCuts, (sent, cuts) => {
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
      fc.property(arbitraryCuts, (cuts) => {
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
      fc.property(stream, arbitraryCuts, (stream, cuts) => {
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
