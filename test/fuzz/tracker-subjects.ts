import { deepStrictEqual, ok } from 'node:assert/strict';
import fc from 'fast-check';
import {
  encodeJsonFrame,
  JsonFrameSplitter,
  MAX_TRACKER_MESSAGE_CHARS,
  ProtocolError,
  TrackerError,
} from '#protocol';
import { parsePayload } from '../../apps/tracker/src/rpc/payload.pipe.js';
import { arbitraryCuts, arbitraryStream, runsOf } from './cut-stream.js';
import { fuzzSubject, valueOrCode, type FuzzSubject } from './fuzz-subject.js';
import { RIGHT_PAYLOADS } from './right-payloads.js';

const MAX_HELD_BYTES = 4 * MAX_TRACKER_MESSAGE_CHARS;

const isBrokenFrame = (error: unknown): error is ProtocolError => error instanceof ProtocolError;
const isRefusal = (error: unknown): error is TrackerError => error instanceof TrackerError;

const noise = fc.uint8Array({ maxLength: 200 });
const anyJson = fc.oneof(
  fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }),
  fc.constantFrom<unknown>(-1, 0.5, 2 ** 53, 1e308, '', '\u0000', '\u202e', 'b3:', '../..', [[]]),
);

/** A request that is right but, mostly, for one value in it. */
const payload = fc
  .tuple(fc.constantFrom(...RIGHT_PAYLOADS), fc.array(fc.nat(), { maxLength: 5 }), anyJson)
  .map(([[, dto, right], path, value]) => ({ dto, data: replaced(right, path, value) }));

const request = payload.map(({ data }) =>
  Buffer.from(encodeJsonFrame({ pattern: 'list', id: '1', data })),
);
const mutant = fc.tuple(request, fc.nat(), fc.nat(0xff)).map(([bytes, place, value]) => {
  bytes[place % bytes.length] = value;
  return bytes;
});
const liar = fc
  .tuple(fc.oneof(fc.nat(400), fc.nat(), fc.constant(2 ** 32 - 1)), noise)
  .map(([lengthChars, tail]) => Buffer.concat([Buffer.from(`${lengthChars}#`), tail]));
const stream = arbitraryStream({ right: request, mutant, liar, noise });

/** Goes into `target` as `path` says, as far as it can, and puts `value` there. */
function replaced(target: unknown, path: readonly number[], value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined || typeof target !== 'object' || target === null) return value;
  const keys = [...Object.keys(target), '__proto__'];
  const key = keys[step % keys.length]!;
  const inner = replaced((target as Record<string, unknown>)[key], rest, value);
  const entries = Object.entries(target).filter(([other]) => other !== key);
  if (!Array.isArray(target)) return Object.fromEntries([...entries, [key, inner]]);
  return target.map((entry: unknown, index) => (String(index) === key ? inner : entry));
}

function received(bytes: Uint8Array, cuts: readonly number[]) {
  const splitter = new JsonFrameSplitter();
  const values: unknown[] = [];
  const end = valueOrCode(() => {
    for (const run of runsOf(bytes, cuts)) {
      values.push(...splitter.push(run));
      ok(splitter.heldBytes <= MAX_HELD_BYTES);
    }
  }, isBrokenFrame);
  return { values, end };
}

/** The decoder of the tracker: framing, then what each exchange accepts. */
export const TRACKER_SUBJECTS: readonly FuzzSubject[] = [
  fuzzSubject(
    'a stream of requests is values or a typed refusal wherever it is cut',
    fc.tuple(stream, arbitraryCuts),
    ([bytes, cuts]) => {
      const whole = received(bytes, []);
      const cut = received(bytes, cuts);
      // Of two faults in one run either may be found first, and nothing before it counts.
      deepStrictEqual('code' in cut.end, 'code' in whole.end);
      if ('value' in whole.end) deepStrictEqual(cut.values, whole.values);
    },
  ),
  fuzzSubject('a payload is right or refused', payload, ({ dto, data }) => {
    const outcome = valueOrCode(() => parsePayload(dto, data), isRefusal);
    if ('code' in outcome) deepStrictEqual(outcome.code, 'INVALID_REQUEST');
  }),
  fuzzSubject(
    'a payload that is anything is right or refused',
    fc.tuple(fc.constantFrom(...RIGHT_PAYLOADS), anyJson),
    ([[, dto], data]) => {
      const outcome = valueOrCode(() => parsePayload(dto, data), isRefusal);
      if ('code' in outcome) deepStrictEqual(outcome.code, 'INVALID_REQUEST');
    },
  ),
];
