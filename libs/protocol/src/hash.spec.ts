import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hashBytes, IncrementalHash } from './hash.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

// From the BLAKE3 authors' test vectors: byte i of an input is i % 251.
it.each([
  [0, 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262'],
  [1, '2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213'],
  [1024, '42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7'],
])('is BLAKE3: %i bytes', (lengthBytes, expected) => {
  const input = Uint8Array.from({ length: lengthBytes }, (_, index) => index % 251);
  expect(hex(hashBytes(input))).toBe(expected);
});

it('hashes a view, not the memory it looks into', () => {
  const memory = Uint8Array.of(9, 1, 2, 9);
  expect(hex(hashBytes(memory.subarray(1, 3)))).toBe(hex(hashBytes(Uint8Array.of(1, 2))));
});

it('does not depend on how the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 3_000 }), { maxLength: 8 }), (runs) => {
      const hash = new IncrementalHash();
      for (const run of runs) hash.update(run);
      expect(hex(hash.digest())).toBe(hex(hashBytes(Buffer.concat(runs))));
    }),
  );
});
