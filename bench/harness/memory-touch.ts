import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const STEP_BYTES = 64 * 1024 * 1024;
const TOUCH = `
  const kept = [];
  for (let left = Number(process.argv[1]); left > 0; left -= ${STEP_BYTES})
    kept.push(Buffer.alloc(${STEP_BYTES}, 1));`;

/** Takes so much memory, writes to it and gives it back. A virtual machine that returns free memory
 *  to its host pays seconds a GiB for the first touch of what it takes again; after this nobody does. */
export async function touchMemory(bytes: number, options: { signal: AbortSignal }): Promise<void> {
  await promisify(execFile)(process.execPath, ['-e', TOUCH, String(bytes)], options);
}
