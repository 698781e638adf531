import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { toChunkIndex, verifyChunk, type VerifiedChunk } from '#protocol';
import { sampleBytes } from '../../../../../test/support/sample-content.js';
import { CHUNK_BYTES, manifestOf } from '../../../../../test/support/session-lab.js';
import { StreamSink } from './stream-sink.js';

const bytes = sampleBytes(4 * CHUNK_BYTES, 9);
const manifest = await manifestOf(bytes);
const { signal } = new AbortController();

function chunk(index: number): VerifiedChunk {
  const part = bytes.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
  return verifyChunk(manifest, toChunkIndex(index), part);
}

/** A stream that takes a write when it is told to. */
class Reader extends Writable {
  readonly taken: Buffer[] = [];
  private readonly pending: (() => void)[] = [];

  override _write(part: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.pending.push(() => {
      this.taken.push(part);
      done();
    });
  }

  take(): void {
    this.pending.shift()?.();
  }
}

describe('a stream', () => {
  it('gets the chunks in order, whatever order they come in', async () => {
    const advanced: number[] = [];
    const parts: Buffer[] = [];
    const output = new Writable({
      write: (part: Buffer, _encoding, done) => {
        parts.push(part);
        done();
      },
    });
    using sink = new StreamSink(output, (nextIndex) => advanced.push(nextIndex));
    await Promise.all([3, 1, 0, 2].map((index) => sink.write(chunk(index), { signal })));
    expect(Buffer.concat(parts).equals(bytes)).toBe(true);
    expect(advanced).toEqual([1, 2, 3, 4]);
  });

  it('takes one chunk at a time, when its reader is ready', async () => {
    const reader = new Reader();
    using sink = new StreamSink(reader, () => undefined);
    let writtenCount = 0;
    const writes = [0, 1, 2].map(async (index) => {
      await sink.write(chunk(index), { signal });
      writtenCount += 1;
    });
    await new Promise(setImmediate);
    expect([writtenCount, reader.writableLength]).toEqual([0, CHUNK_BYTES]);
    for (const write of writes) {
      await new Promise(setImmediate);
      reader.take();
      await write;
    }
    expect(reader.taken).toHaveLength(3);
  });

  it('that breaks fails the chunk that is being written, and all after it', async () => {
    const broken = new Writable({
      write: (_part, _encoding, done) => done(new Error('nobody reads')),
    });
    using sink = new StreamSink(broken, () => undefined);
    const writes = [1, 0].map((index) => sink.write(chunk(index), { signal }));
    for (const write of writes) {
      await expect(write).rejects.toMatchObject({ code: 'DISK_FAILED' });
    }
    await expect(sink.write(chunk(2), { signal })).rejects.toThrow('nobody reads');
  });

  it('is left alone at the end', () => {
    const output = new Reader();
    const sink = new StreamSink(output, () => undefined);
    expect(output.listenerCount('error')).toBe(1);
    sink[Symbol.dispose]();
    expect(output.listenerCount('error')).toBe(0);
  });
});
