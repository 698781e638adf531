import { expect, it } from 'vitest';
import { Bitfield, toChunkIndex } from '#protocol';
import { sampleBytes } from '../../../../../test/support/sample-content.js';
import { manifestOf, SessionLab } from '../../../../../test/support/session-lab.js';
import { ChunkBuffers } from '../budget/chunk-buffers.js';
import { IncomingChunk } from './incoming-chunk.js';
import { Transfer } from '../transfer/transfer.js';

async function incomingOf(
  lengthBytes: number,
  buffers = new ChunkBuffers({ maxBytes: 64 * 1024 * 1024 }),
): Promise<IncomingChunk> {
  await using lab = await SessionLab.open();
  const manifest = await manifestOf(sampleBytes(lengthBytes, 1));
  const transfer = new Transfer(manifest, Bitfield.empty(1), undefined, lab.session.transferHost);
  return new IncomingChunk(transfer, toChunkIndex(0), buffers);
}

const data = (offsetBytes: number, ...bytes: number[]) => {
  return { type: 'data', requestId: 0, offsetBytes, bytes: Uint8Array.from(bytes) } as const;
};

it('is whole when the last byte has come, however many runs it takes', async () => {
  const incoming = await incomingOf(5);
  incoming.fill(data(0, 1, 2));
  incoming.fill(data(2, 3));
  expect(incoming.isWhole).toBe(false);
  incoming.fill(data(3, 4, 5));
  expect(incoming.isWhole).toBe(true);
  expect(incoming.takeBytes()).toEqual(Buffer.of(1, 2, 3, 4, 5));
});

it.each([
  ['a gap', data(3, 4)],
  ['an overlap', data(1, 2)],
  ['bytes beyond its end', data(2, 3, 4, 5, 6)],
])('takes no %s', async (_what, run) => {
  const incoming = await incomingOf(5);
  incoming.fill(data(0, 1, 2));
  expect(() => incoming.fill(run)).toThrow('OUT_OF_RANGE');
});

it('counts what it no longer wants, and keeps nothing of it', async () => {
  const buffers = new ChunkBuffers({ maxBytes: 64 * 1024 * 1024 });
  const incoming = await incomingOf(3, buffers);
  incoming.fill(data(0, 1));
  incoming.drop();
  expect([incoming.isWanted, incoming.takeBytes()]).toEqual([false, undefined]);
  const buffer = buffers.take(3);
  incoming.fill(data(1, 9, 9));
  expect(incoming.isWhole).toBe(true);
  expect(buffer[0]).toBe(1);
  expect([...buffer.subarray(1)]).not.toContain(9);
});

it('takes memory for a chunk only when its first bytes come', async () => {
  const buffers = new ChunkBuffers({ maxBytes: 64 * 1024 * 1024 });
  const [first, second] = [await incomingOf(2, buffers), await incomingOf(2, buffers)];
  first.fill(data(0, 1, 2));
  const bytes = first.takeBytes()!;
  buffers.give(bytes);
  second.fill(data(0, 3, 4));
  expect(second.takeBytes()).toBe(bytes);
});
