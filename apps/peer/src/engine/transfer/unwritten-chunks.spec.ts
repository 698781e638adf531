import { expect, it } from 'vitest';
import { toChunkIndex } from '#protocol';
import { MAX_UNWRITTEN_BYTES } from '../peer-config.js';
import { UnwrittenChunks } from './unwritten-chunks.js';

const done = Promise.resolve();

it('are enough when they come to the limit, and not once one is written', () => {
  const chunks = new UnwrittenChunks(MAX_UNWRITTEN_BYTES / 4);
  for (const index of [0, 1, 2]) chunks.add(toChunkIndex(index), done);
  expect(chunks.areEnough).toBe(false);
  chunks.add(toChunkIndex(3), done);
  expect(chunks.areEnough).toBe(true);
  expect(chunks.has(toChunkIndex(0))).toBe(true);
  chunks.written(toChunkIndex(0));
  expect([chunks.areEnough, chunks.has(toChunkIndex(0))]).toEqual([false, false]);
});

it('may always be one, however long it is', () => {
  const chunks = new UnwrittenChunks(2 * MAX_UNWRITTEN_BYTES);
  chunks.add(toChunkIndex(0), done);
  expect(chunks.areEnough).toBe(false);
  chunks.add(toChunkIndex(1), done);
  expect(chunks.areEnough).toBe(true);
});

it('are settled when every write has ended', async () => {
  const chunks = new UnwrittenChunks(1);
  let end: () => void = () => undefined;
  chunks.add(toChunkIndex(0), new Promise((resolve) => (end = resolve)));
  chunks.add(toChunkIndex(1), done);
  let isSettled = false;
  const settling = chunks.settled().then(() => (isSettled = true));
  await done;
  expect(isSettled).toBe(false);
  end();
  await settling;
  expect(isSettled).toBe(true);
});
