import { createHash, randomFillSync } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Buffer } from 'node:buffer';
import { pipeline } from 'node:stream/promises';

const STEP_BYTES = 4 * 1024 * 1024;

/** Writes a file that nothing can compress; returns its SHA-256 in hex. */
export async function writeRandomFile(path, lengthBytes, { signal }) {
  const hash = createHash('sha256');
  const bytes = Buffer.alloc(STEP_BYTES);
  const file = await open(path, 'wx');
  try {
    for (let offset = 0; offset < lengthBytes; offset += bytes.length) {
      signal.throwIfAborted();
      const part = bytes.subarray(0, Math.min(bytes.length, lengthBytes - offset));
      randomFillSync(part);
      hash.update(part);
      await file.writeFile(part);
    }
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

export async function sha256Of(path, { signal }) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash, { signal });
  return hash.digest('hex');
}
