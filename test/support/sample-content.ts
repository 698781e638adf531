import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

/** Bytes that no two places of a file share and that are the same in every run: xorshift128. */
export function sampleBytes(lengthBytes: number, seed: number): Buffer {
  const words = new Uint32Array(Math.ceil(lengthBytes / 4));
  let a = (seed ^ 0x9e3779b9) >>> 0 || 1;
  let b = 0x243f6a88;
  let c = 0xb7e15162;
  let d = seed + 1;
  for (let index = 0; index < words.length; index += 1) {
    let t = d;
    t ^= t << 11;
    t ^= t >>> 8;
    d = c;
    c = b;
    b = a;
    t ^= a;
    t ^= a >>> 19;
    a = t;
    words[index] = t;
  }
  return Buffer.from(words.buffer, 0, lengthBytes);
}

export async function writeSample(
  path: string,
  lengthBytes: number,
  seed: number,
): Promise<Buffer> {
  const bytes = sampleBytes(lengthBytes, seed);
  await writeFile(path, bytes);
  return bytes;
}

/** Hex SHA-256, by another library than the one under test. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
