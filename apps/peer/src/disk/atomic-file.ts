import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { onDisk } from './disk-error.js';
import { syncFolder } from './folder-sync.js';

/** What {@link writeFileAtomically} writes before it renames; left behind only by a process that
 *  was killed, and used again by the next one. */
export function temporaryPathOf(path: string): string {
  return `${path}.tmp`;
}

/** Replaces a file such that readers, and whoever comes after a crash, see the old bytes or the new
 *  ones, never a mixture. The caller is the only one who writes `path` at the time. `synced` (the
 *  default) waits until the new bytes survive a power cut. Throws TransferError. */
export async function writeFileAtomically(
  path: string,
  bytes: Uint8Array,
  options: { mode?: number; durability?: 'synced' | 'unsynced' } = {},
): Promise<void> {
  const temporaryPath = temporaryPathOf(path);
  await onDisk({ path, verb: 'write' }, async () => {
    try {
      await writeWhole(temporaryPath, bytes, options);
      await rename(temporaryPath, path);
    } catch (error) {
      await rm(temporaryPath, { force: true });
      throw error;
    }
    if (options.durability !== 'unsynced') await syncFolder(dirname(path));
  });
}

async function writeWhole(
  path: string,
  bytes: Uint8Array,
  options: { mode?: number; durability?: 'synced' | 'unsynced' },
): Promise<void> {
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
  const handle = await open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, options.mode ?? 0o666);
  try {
    await handle.writeFile(bytes);
    if (options.durability !== 'unsynced') await handle.sync();
  } finally {
    await handle.close();
  }
}
