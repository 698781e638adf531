import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncFolder } from './folder-sync.js';

/** Makes an absolute folder, and those above it that are missing, such that they survive a power
 *  cut: what is synced in a folder that is lost is lost with it. Errors are the system's own. */
export async function makeLastingFolder(
  path: string,
  options: { mode?: number } = {},
): Promise<void> {
  const outermost = mkdirSync(path, { recursive: true, ...options });
  if (outermost === undefined) return;
  // Each of the new ones is a name in the folder above it.
  let folder = path;
  for (; folder.length > outermost.length; folder = dirname(folder)) {
    await syncFolder(dirname(folder));
  }
  await syncFolder(dirname(folder));
}
