import { open, readFile, stat, utimes } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchedBytes, type DownloadData } from '../support/download-data.js';
import { leavePartial } from '../support/partial-download.js';
import { PeerHomes } from '../support/peer-homes.js';
import { writeSample } from '../support/sample-content.js';
import { startTracker, type RunningTracker } from '../support/start-tracker.js';

const MIB = 1024 * 1024;
const SIZE_BYTES = 12 * MIB + 777;

describe('resume', () => {
  let tracker: RunningTracker;
  beforeAll(async () => {
    tracker = await startTracker();
  });
  afterAll(async () => {
    await tracker[Symbol.asyncDispose]();
  });

  it('goes on after kill -9 with what was proven, and fetches only the rest', async () => {
    await using homes = await PeerHomes.create(tracker, 2);
    const [seeder, leecher] = homes.all;
    const bytes = await writeSample(seeder!.file('killed.iso'), SIZE_BYTES, 11);
    const slow = await seeder!.serve(['share', 'killed.iso', '--up', '2MiB/s']);
    const download = leecher!.start(['download', 'killed.iso', '--progress', 'json']);
    await download.until(() => bytesDone(download.stderr) > 6 * MIB);

    await download.kill('SIGKILL');
    await slow.kill('SIGTERM');
    await seeder!.serve(['share', 'killed.iso']);
    const { files } = await leecher!.json<DownloadData>(['download', 'killed.iso']);

    expect(files[0]!.bytesResumed).toBeGreaterThan(0);
    expect(files[0]!.bytesResumed + fetchedBytes(files[0]!)).toBe(SIZE_BYTES);
    expect(bytes.equals(await readFile(leecher!.file('killed.iso')))).toBe(true);
    await expect(stat(leecher!.file('killed.iso.part.resume'))).rejects.toThrow('ENOENT');
  });

  it('stops cleanly on SIGINT with 130 and keeps every chunk that it had', async () => {
    await using homes = await PeerHomes.create(tracker, 2);
    const [seeder, leecher] = homes.all;
    const bytes = await writeSample(seeder!.file('stopped.iso'), SIZE_BYTES, 12);
    const slow = await seeder!.serve(['share', 'stopped.iso', '--up', '4MiB/s']);
    const download = leecher!.start(['download', 'stopped.iso', '--progress', 'json']);
    await download.until(() => bytesDone(download.stderr) > 4 * MIB);
    const seenBytes = bytesDone(download.stderr);

    expect(await download.kill('SIGINT')).toBe(130);
    await slow.kill('SIGTERM');
    await seeder!.serve(['share', 'stopped.iso']);
    const { files } = await leecher!.json<DownloadData>(['download', 'stopped.iso']);

    expect(files[0]!.bytesResumed).toBeGreaterThanOrEqual(seenBytes);
    expect(files[0]!.bytesResumed + fetchedBytes(files[0]!)).toBe(SIZE_BYTES);
    expect(bytes.equals(await readFile(leecher!.file('stopped.iso')))).toBe(true);
  });

  it('never trusts what was changed behind its back', async () => {
    await using homes = await PeerHomes.create(tracker, 2);
    const [seeder, leecher] = homes.all;
    const source = seeder!.file('doubt.iso');
    const bytes = await writeSample(source, SIZE_BYTES, 13);
    await seeder!.serve(['share', 'doubt.iso']);
    const output = leecher!.file('doubt.iso');
    const heldBytes = await leavePartial(source, output, (index) => index % 2 === 0);
    await overwrite(`${output}.part`, 100);

    const { files } = await leecher!.json<DownloadData>(['download', 'doubt.iso']);

    expect(files[0]!.bytesResumed).toBe(heldBytes - 256 * 1024);
    expect(files[0]!.bytesResumed + fetchedBytes(files[0]!)).toBe(SIZE_BYTES);
    expect(bytes.equals(await readFile(output))).toBe(true);
  });

  it('takes everything back when only the times of the part changed', async () => {
    await using homes = await PeerHomes.create(tracker, 2);
    const [seeder, leecher] = homes.all;
    const source = seeder!.file('touched.iso');
    await writeSample(source, SIZE_BYTES, 14);
    await seeder!.serve(['share', 'touched.iso']);
    const output = leecher!.file('touched.iso');
    const heldBytes = await leavePartial(source, output, (index) => index > 5);
    await utimes(`${output}.part`, new Date(0), new Date(0));
    const { files } = await leecher!.json<DownloadData>(['download', 'touched.iso']);
    expect(files[0]!.bytesResumed).toBe(heldBytes);
    expect(fetchedBytes(files[0]!)).toBe(SIZE_BYTES - heldBytes);
  });

  it('starts over when the part belongs to other content', async () => {
    await using homes = await PeerHomes.create(tracker, 2);
    const [seeder, leecher] = homes.all;
    await writeSample(seeder!.file('old.iso'), SIZE_BYTES, 15);
    const output = leecher!.file('new.iso');
    await leavePartial(seeder!.file('old.iso'), output, () => true);
    const bytes = await writeSample(seeder!.file('new.iso'), 3 * MIB, 16);
    await seeder!.serve(['share', 'new.iso']);
    const { files } = await leecher!.json<DownloadData>(['download', 'new.iso']);
    expect(files[0]!.bytesResumed).toBe(0);
    expect(bytes.equals(await readFile(output))).toBe(true);
  });
});

/** The last `bytesDone` among progress events. */
function bytesDone(events: string): number {
  const all = [...events.matchAll(/"bytesDone":(\d+)/g)];
  return Number(all.at(-1)?.[1] ?? 0);
}

async function overwrite(path: string, offsetBytes: number): Promise<void> {
  const handle = await open(path, 'r+');
  await handle.write('not what it was', offsetBytes);
  await handle.close();
}
