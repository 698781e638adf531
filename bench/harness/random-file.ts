import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';

const STEP_BYTES = 4 * 1024 * 1024;

/** Writes a file that nothing can compress, and leaves it in the page cache. Returns its SHA-256. */
export async function writeRandomFile(
  path: string,
  lengthBytes: number,
  { signal }: { signal: AbortSignal },
): Promise<string> {
  const hash = createHash('sha256');
  const stream = createCipheriv('aes-128-ctr', randomBytes(16), randomBytes(16));
  const zeros = Buffer.alloc(STEP_BYTES);
  const file = await open(path, 'w');
  try {
    for (let left = lengthBytes; left > 0; left -= STEP_BYTES) {
      signal.throwIfAborted();
      const bytes = stream.update(zeros.subarray(0, Math.min(STEP_BYTES, left)));
      hash.update(bytes);
      await file.writeFile(bytes);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

/** The SHA-256 of a file's content, in hex. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  const bytes = Buffer.alloc(STEP_BYTES);
  const file = await open(path, 'r');
  try {
    for (;;) {
      const { bytesRead } = await file.read(bytes, 0, bytes.length, null);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(bytes.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}
