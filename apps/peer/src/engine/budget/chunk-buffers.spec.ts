import { expect, it } from 'vitest';
import { ChunkBuffers } from './chunk-buffers.js';

const MIB = 1024 * 1024;

it('hands a buffer out again only when it was given back, and by its length', () => {
  const buffers = new ChunkBuffers();
  const [one, two] = [buffers.take(8), buffers.take(8)];
  expect(one).not.toBe(two);
  buffers.give(one);
  expect(buffers.take(9)).toHaveLength(9);
  expect(buffers.take(8)).toBe(one);
  expect(buffers.take(8)).not.toBe(one);
});

it('keeps no more than it may', () => {
  const buffers = new ChunkBuffers();
  const lent = Array.from({ length: 5 }, () => buffers.take(8 * MIB));
  for (const buffer of lent) buffers.give(buffer);
  const again = Array.from({ length: 5 }, () => buffers.take(8 * MIB));
  expect(again.filter((buffer) => lent.includes(buffer))).toHaveLength(4);
});
