import { open } from 'node:fs/promises';

const STEP_BYTES = 4 * 1024 * 1024;

/** Reads a file once, so that all of it is in the page cache. */
export async function warmFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    const bytes = Buffer.alloc(STEP_BYTES);
    while ((await file.read(bytes, 0, bytes.length, null)).bytesRead > 0);
  } finally {
    await file.close();
  }
}
