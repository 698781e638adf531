import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';

/** For fewer files it is not worth flushing whatever else the file system has waiting. */
const MIN_FILES_FOR_ONE_CALL = 16;
const PARALLEL_SYNCS = 4;

const run = promisify(execFile);

/** Makes many small files survive a power cut at once. Rejects with the system's error. */
export async function syncTogether(paths: readonly string[], folder: string): Promise<void> {
  if (paths.length >= MIN_FILES_FOR_ONE_CALL && (await syncFileSystem(folder))) return;
  const left = paths.values();
  const syncer = async () => {
    for (const path of left) await syncFile(path);
  };
  await Promise.all(Array.from({ length: PARALLEL_SYNCS }, syncer));
}

/** syncfs(2), which the runtime does not offer, through the program that does: one trip to the disk
 *  for all files. Where that fails, or does not wait for the disk, every file is synced by itself. */
async function syncFileSystem(folder: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  return run('sync', ['-f', folder]).then(
    () => true,
    () => false,
  );
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
