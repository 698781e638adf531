import fc from 'fast-check';

/** Where a stream is cut: as {@link runsOf} takes it, whatever the length. */
export const arbitraryCuts = fc.array(fc.nat(), { maxLength: 40 });

/** The runs of a stream between its cuts, in order; some may be empty. */
export function* runsOf(
  stream: Uint8Array,
  cuts: readonly number[],
): Generator<Uint8Array, void, void> {
  const places = cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b);
  let start = 0;
  for (const end of [...places, stream.length]) {
    yield stream.subarray(start, end);
    start = end;
  }
}

/** Frames one after the other: most are right, some are another frame with a byte changed, or lie
 *  about their length, or are none. */
export function arbitraryStream(
  frames: Readonly<Record<'right' | 'mutant' | 'liar' | 'noise', fc.Arbitrary<Uint8Array>>>,
): fc.Arbitrary<Buffer> {
  const { right, mutant, liar, noise } = frames;
  const frame = fc.oneof(
    { arbitrary: right, weight: 6 },
    { arbitrary: mutant, weight: 2 },
    { arbitrary: liar, weight: 1 },
    { arbitrary: noise, weight: 1 },
  );
  return fc.array(frame, { maxLength: 10 }).map((parts) => Buffer.concat(parts));
}
