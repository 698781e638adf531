import { expect, it } from 'vitest';
import { ChunkBuffers } from './chunk-buffers.js';

const MIB = 1024 * 1024;

it('hands a buffer out again only when it was given back, and by its length', () => {
  const buffers = new ChunkBuffers({ maxBytes: 100 });
  const [one, two] = [buffers.take(8), buffers.take(8)];
  expect(one).not.toBe(two);
  buffers.give(one);
  expect(buffers.take(9)).toHaveLength(9);
  expect(buffers.take(8)).toBe(one);
  expect(buffers.take(8)).not.toBe(one);
});

it('keeps no more than it may, together with what is in use', () => {
  const buffers = new ChunkBuffers({ maxBytes: 5 * MIB });
  const lent = Array.from({ length: 8 }, () => buffers.take(MIB));
  for (const buffer of lent) buffers.give(buffer);
  const again = Array.from({ length: 8 }, () => buffers.take(MIB));
  expect(again.filter((buffer) => lent.includes(buffer))).toHaveLength(5);
});

it('lets go of free buffers when another size is needed', () => {
  const buffers = new ChunkBuffers({ maxBytes: 4 * MIB });
  const small = Array.from({ length: 4 }, () => buffers.take(MIB));
  for (const buffer of small) buffers.give(buffer);
  const large = buffers.take(3 * MIB);
  expect(Array.from({ length: 4 }, () => small.includes(buffers.take(MIB)))).toEqual([
    true,
    false,
    false,
    false,
  ]);
  buffers.give(large);
});
