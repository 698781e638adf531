import { statSync, watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';

/** Where the system tells of no changes (network file systems, too many watchers), we look. */
const POLL_INTERVAL_MS = 5_000;

/** Calls back after a file in `folder` was changed, created, replaced or removed, until the signal.
 *  Does not keep the process running. */
export function watchFile(
  file: { folder: string; name: string },
  onChange: () => void,
  { signal }: { signal: AbortSignal },
): void {
  if (signal.aborted) return;
  const path = join(file.folder, file.name);
  let known = fingerprint(path);
  const look = () => {
    const found = fingerprint(path);
    if (found === known) return;
    known = found;
    onChange();
  };
  const watcher = watchFolder(file.folder, (name) => {
    if (name === null || name === file.name) look();
  });
  const timer = setInterval(look, POLL_INTERVAL_MS).unref();
  const stop = () => {
    clearInterval(timer);
    watcher?.close();
  };
  signal.addEventListener('abort', stop, { once: true });
}

function watchFolder(
  folder: string,
  onEvent: (name: string | null) => void,
): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, (_event, name) => onEvent(name));
    return watcher.on('error', () => watcher.close());
  } catch {
    return undefined;
  }
}

function fingerprint(path: string): string {
  try {
    const { ino, size, mtimeNs } = statSync(path, { bigint: true });
    return [ino, size, mtimeNs].join(' ');
  } catch {
    return '';
  }
}
