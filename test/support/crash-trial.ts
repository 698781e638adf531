import { linkSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { hashBytes } from '#protocol';
import { stampOf } from '../../apps/peer/src/disk/file-stamp.js';
import { decodeResumeRecord, encodeResumeRecord } from '../../apps/peer/src/disk/resume-record.js';
import type { Behaviour, CrashedDisk } from './crash-disk.js';
import type { DiskRecording } from './disk-recording.js';
import type { CrashedFile } from './recorded-file.js';
import { TempDir } from './temp-dir.js';

/** How disks leave things; those with dice several times. */
const BEHAVIOURS: readonly Behaviour[] = [
  { names: 'lost', data: 'lost', times: 'lost' },
  { names: 'lost', data: 'kept', times: 'lost' },
  { names: 'kept', data: 'lost', times: 'lost' },
  { names: 'kept', data: 'lost', times: 'kept' },
  { names: 'kept', data: 'kept', times: 'lost' },
  { names: 'kept', data: 'kept', times: 'kept' },
  { names: 'kept', data: 'some', times: 'lost' },
  { names: 'some', data: 'some', times: 'some' },
  { names: 'some', data: 'some', times: 'some' },
];

const RECORD_ENDING = '.resume';

/** One power cut in the middle of a recording. */
export interface Crash {
  /** Every step had been done. */
  readonly isAtEnd: boolean;
  /** For an error's message. */
  readonly title: string;
  /** Where what is left of the recorded `path` lies now. */
  readonly here: (path: string) => string;
}

/** Cuts the power after each step of a recording, lays out what each kind of disk may then hold and
 *  calls back for everything that differs. `random` returns numbers from 0 to 1. */
export async function cutEverywhere(
  recording: DiskRecording,
  random: () => number,
  recover: (crash: Crash) => Promise<void>,
): Promise<void> {
  const seen = new Set<string>();
  const { steps, root } = recording;
  for (const { disk, stepCount } of recording.states()) {
    const isAtEnd = stepCount === steps.length;
    for (const behaviour of BEHAVIOURS) {
      const crashed = disk.crashed(behaviour, random);
      const key = keyOf(crashed);
      if (seen.has(key) && !isAtEnd) continue;
      seen.add(key);
      await using dir = await TempDir.createInMemory();
      const here = (path: string) => dir.path + path.slice(root.length);
      layOut(crashed, here);
      const last = JSON.stringify({ ...steps[stepCount - 1], data: undefined });
      const title = `after step ${stepCount}, ${last}: ${JSON.stringify(behaviour)}`;
      await recover({ isAtEnd, title, here });
    }
  }
}

function keyOf({ folders, files }: CrashedDisk): string {
  const parts = [...files].map(([path, { bytes, mtimeNs }]) => [
    path,
    Buffer.from(hashBytes(bytes)).toString('hex'),
    mtimeNs,
  ]);
  return JSON.stringify([folders, parts]);
}

/** Inodes and times cannot be laid out: where a resume record tells the very stamp that its part
 *  had when the power went, it tells the one that the part has now. */
function layOut({ folders, files }: CrashedDisk, place: (path: string) => string): void {
  for (const path of folders) mkdirSync(place(path));
  const placed = new Map<CrashedFile, string>();
  for (const [path, file] of files) {
    const otherName = placed.get(file);
    if (otherName !== undefined) linkSync(otherName, place(path));
    else writeFileSync(place(path), file.bytes);
    placed.set(file, place(path));
  }
  for (const path of files.keys()) {
    if (!path.endsWith(RECORD_ENDING)) continue;
    const record = decodeResumeRecord(readFileSync(place(path)));
    const partPath = path.slice(0, -RECORD_ENDING.length);
    const part = files.get(partPath);
    const stamp = record?.cleanStop;
    if (part === undefined || record === undefined || stamp == null) continue;
    if (stamp.inode !== part.inode || stamp.mtimeNs !== part.mtimeNs) continue;
    if (stamp.sizeBytes !== part.bytes.length) continue;
    const cleanStop = stampOf(statSync(place(partPath), { bigint: true }));
    writeFileSync(place(path), encodeResumeRecord({ ...record, cleanStop }));
  }
}
