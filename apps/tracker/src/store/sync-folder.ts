import { open } from 'node:fs/promises';

/** Makes names made or renamed in a folder survive a power cut, where the file system knows that. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!['EINVAL', 'EISDIR', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP'].includes(code ?? '')) throw error;
  } finally {
    await handle.close();
  }
}
