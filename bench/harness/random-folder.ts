import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

const FILES_PER_TURN = 500;

/** Fills a folder with files that nothing can compress, and leaves them in the page cache. */
export async function writeRandomFolder(
  folder: string,
  fileCount: number,
  fileBytes: number,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  for (let index = 0; index < fileCount; index += 1) {
    writeFileSync(join(folder, `${String(index).padStart(6, '0')}.bin`), randomBytes(fileBytes));
    if (index % FILES_PER_TURN === 0) await setImmediate(undefined, { signal });
  }
}
