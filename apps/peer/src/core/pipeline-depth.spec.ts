import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PipelineDepth, QUEUE_MS } from './pipeline-depth.js';

const MIB = 1024 * 1024;
const chunkBytes = MIB / 4;
const MIN_BYTES = chunkBytes;

/** A peer that sends `bytesPerSecond` in small frames, as long as something is asked for. */
function feed(depth: PipelineDepth, options: { bytesPerSecond: number; forMs: number }): void {
  const stepMs = 10;
  for (let nowMs = 0; nowMs <= options.forMs; nowMs += stepMs) {
    depth.received({ bytes: (options.bytesPerSecond * stepMs) / 1000, nowMs });
  }
}

test('starts small and doubles up to the limit while the pipe is what limits', () => {
  const depth = new PipelineDepth({ chunkBytes, maxBytes: 32 * MIB });
  expect(depth.targetBytes).toBe(MIB);
  const targets: number[] = [];
  for (let nowMs = 0; nowMs < 7; nowMs += 1) {
    depth.received({ bytes: depth.targetBytes, nowMs });
    targets.push(depth.targetBytes / MIB);
  }
  expect(targets).toEqual([2, 4, 8, 16, 32, 32, 32]);
});

test('settles at what the peer sends in the queue time, fast or slow', () => {
  const cases = fc.record({
    bytesPerSecond: fc.integer({ min: 200_000, max: 200_000_000 }),
    changeTo: fc.integer({ min: 400_000, max: 200_000_000 }),
  });
  const property = fc.property(cases, ({ bytesPerSecond, changeTo }) => {
    const depth = new PipelineDepth({ chunkBytes, maxBytes: 1_024 * MIB });
    feed(depth, { bytesPerSecond, forMs: 20_000 });
    const first = Math.max(MIN_BYTES, (bytesPerSecond * QUEUE_MS) / 1000);
    expect(depth.targetBytes / first).toBeGreaterThan(0.9);
    expect(depth.targetBytes / first).toBeLessThan(1.1);
    const changed = Math.max(MIN_BYTES, (changeTo * QUEUE_MS) / 1000);
    for (let nowMs = 20_010; nowMs <= 45_000; nowMs += 10) {
      depth.received({ bytes: changeTo / 100, nowMs });
    }
    expect(depth.targetBytes / changed).toBeGreaterThan(0.9);
    expect(depth.targetBytes / changed).toBeLessThan(1.1);
  });
  fc.assert(property, { numRuns: 50 });
});

test('a very slow peer is asked for a chunk, and for the next once that is on its way', () => {
  const depth = new PipelineDepth({ chunkBytes, maxBytes: 32 * MIB });
  feed(depth, { bytesPerSecond: 10_000, forMs: 20_000 });
  expect(depth.targetBytes).toBe(MIN_BYTES);
});

test('a snubbed peer is asked for one chunk, and starts over when it recovers', () => {
  const depth = new PipelineDepth({ chunkBytes, maxBytes: 32 * MIB });
  depth.received({ bytes: 8 * MIB, nowMs: 0 });
  depth.snubbed();
  expect(depth.targetBytes).toBe(chunkBytes);
  depth.recovered();
  expect(depth.targetBytes).toBe(MIB);
});

test('one chunk is always asked for, large ones two at first', () => {
  expect(new PipelineDepth({ chunkBytes: 8 * MIB, maxBytes: MIB }).targetBytes).toBe(8 * MIB);
  expect(new PipelineDepth({ chunkBytes: 8 * MIB, maxBytes: 64 * MIB }).targetBytes).toBe(16 * MIB);
});
