import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A file system of its own in memory, gone when the test ends. `options` as mount takes them. */
export function mountDisk(options: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-disk-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'ignore' });
  onTestFinished(() => void execFileSync('umount', [folder]));
  return folder;
}

/** Mounting takes privileges that not every machine gives its tests. */
export function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
