import { lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CrashDisk, type CrashedDisk } from './crash-disk.js';
import type { CrashedFile } from './recorded-file.js';
import { TempDir } from './temp-dir.js';

const RECORDER = new URL('./disk-recorder.mjs', import.meta.url);

/** One thing that a program did to its files. What takes time is told when it begins, and by its
 *  `id` when it has `ended`. */
export type DiskStep =
  | { readonly did: 'created'; readonly path: string; readonly inode: string }
  | { readonly did: 'linked'; readonly path: string; readonly inode: string }
  | { readonly did: 'renamed'; readonly from: string; readonly to: string }
  | { readonly did: 'removed'; readonly path: string }
  | { readonly did: 'madeFolder'; readonly path: string }
  | { readonly did: 'looked'; readonly inode: string; readonly mtimeNs: string }
  | {
      readonly did: 'write';
      readonly id: number;
      readonly inode: string;
      readonly offset: number;
      /** base64 */
      readonly data: string;
    }
  | {
      readonly did: 'truncated';
      readonly id?: number;
      readonly inode: string;
      readonly sizeBytes: number;
    }
  | {
      readonly did: 'sync';
      readonly id: number;
      readonly inode: string;
      readonly kind: 'all' | 'data';
    }
  | { readonly did: 'syncFolder'; readonly id: number; readonly path: string }
  | { readonly did: 'syncAll'; readonly id: number }
  | { readonly did: 'ended'; readonly id: number; readonly outcome: 'done' | 'failed' };

/** All that a program does to the files below one folder, with what was there before. */
export class DiskRecording {
  private constructor(
    /** Without symbolic links. */
    readonly root: string,
    readonly before: CrashedDisk,
    readonly steps: readonly DiskStep[],
  ) {}

  /** Records what `run` starts with the environment that it is given, up to its end. Throws when
   *  what the steps add up to is not what lies on the disk: then some step was missed. */
  static async of(
    folder: string,
    run: (env: Readonly<Record<string, string>>) => Promise<void>,
  ): Promise<DiskRecording> {
    await using dir = await TempDir.create();
    const root = realpathSync(folder);
    const before = readDisk(root);
    const logPath = dir.file('steps.ndjson');
    await run({
      NODE_OPTIONS: `--import ${fileURLToPath(RECORDER)}`,
      SHOAL_RECORD_ROOT: root,
      SHOAL_RECORD_LOG: logPath,
    });
    const lines = readFileSync(logPath, 'utf8').split('\n').slice(0, -1);
    const steps = lines.map((line) => JSON.parse(line) as DiskStep);
    const recording = new DiskRecording(root, before, steps);
    recording.assertComplete();
    return recording;
  }

  /** The disk before the first step and after each; the same object every time. */
  *states(): Generator<{ disk: CrashDisk; stepCount: number }, void, void> {
    const disk = new CrashDisk(this.root, this.before);
    yield { disk, stepCount: 0 };
    for (const [index, step] of this.steps.entries()) {
      disk.take(step);
      yield { disk, stepCount: index + 1 };
    }
  }

  private assertComplete(): void {
    const disk = new CrashDisk(this.root, this.before);
    for (const step of this.steps) disk.take(step);
    const everything = { names: 'kept', data: 'kept', times: 'kept' } as const;
    const replayed = disk.crashed(everything, () => 0);
    const actual = readDisk(this.root);
    const missed = differences(replayed, actual);
    if (missed.length > 0) throw new Error(`not all was recorded of ${missed.join(', ')}`);
  }
}

/** Everything below a folder as it is now. */
function readDisk(root: string): CrashedDisk {
  const folders: string[] = [];
  const files = new Map<string, CrashedFile>();
  const read = (folder: string) => {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      const stats = lstatSync(path, { bigint: true });
      if (stats.isDirectory()) {
        folders.push(path);
        read(path);
      } else {
        const mtimeNs = stats.mtimeNs.toString();
        files.set(path, { bytes: readFileSync(path), inode: stats.ino.toString(), mtimeNs });
      }
    }
  };
  read(root);
  return { folders, files };
}

function differences(a: CrashedDisk, b: CrashedDisk): string[] {
  const paths = new Set([...a.folders, ...b.folders, ...a.files.keys(), ...b.files.keys()]);
  return [...paths].filter((path) => {
    const [left, right] = [a.files.get(path), b.files.get(path)];
    if (left === undefined || right === undefined) {
      return left !== right || a.folders.includes(path) !== b.folders.includes(path);
    }
    return !left.bytes.equals(right.bytes);
  });
}
