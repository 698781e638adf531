import { readFile, stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PeerHome } from '../support/peer-home.js';
import { writeSample } from '../support/sample-content.js';
import { startTracker, type RunningTracker } from '../support/start-tracker.js';

interface DownloadData {
  readonly files: readonly {
    readonly name: string;
    readonly digest: string;
    readonly path: string;
    readonly sizeBytes: number;
    readonly bytesFromPeers: Readonly<Record<string, number>>;
    readonly bytesResumed: number;
    readonly chunksRejected: number;
  }[];
}

const ODD_BYTES = 3 * 1024 * 1024 + 12_345;

describe('share and download', () => {
  let tracker: RunningTracker;
  beforeAll(async () => {
    tracker = await startTracker();
  });
  afterAll(async () => {
    await tracker[Symbol.asyncDispose]();
  });

  it('brings a file of odd length across, byte for byte', async () => {
    await using seeder = await PeerHome.create(tracker);
    await using leecher = await PeerHome.create(tracker);
    const bytes = await writeSample(seeder.file('odd.bin'), ODD_BYTES, 1);
    const sharing = await seeder.serve(['share', 'odd.bin']);

    const data = await leecher.json<DownloadData>(['download', 'odd.bin']);

    const [file] = data.files;
    expect(file).toMatchObject({
      name: 'odd.bin',
      path: leecher.file('odd.bin'),
      sizeBytes: ODD_BYTES,
      bytesResumed: 0,
      chunksRejected: 0,
    });
    expect(Object.values(file!.bytesFromPeers)).toEqual([ODD_BYTES]);
    expect(bytes.equals(await readFile(leecher.file('odd.bin')))).toBe(true);
    await expect(stat(leecher.file('odd.bin.part'))).rejects.toThrow('ENOENT');
    await expect(stat(leecher.file('odd.bin.part.resume'))).rejects.toThrow('ENOENT');
    expect(await sharing.kill('SIGTERM')).toBe(0);
  });

  it('takes an empty file', async () => {
    await using seeder = await PeerHome.create(tracker);
    await using leecher = await PeerHome.create(tracker);
    await writeSample(seeder.file('empty.bin'), 0, 1);
    await seeder.serve(['share', 'empty.bin']);
    await leecher.json(['download', 'empty.bin']);
    expect((await stat(leecher.file('empty.bin'))).size).toBe(0);
  });

  it('streams in order to stdout', async () => {
    await using seeder = await PeerHome.create(tracker);
    await using leecher = await PeerHome.create(tracker);
    const bytes = await writeSample(seeder.file('stream.bin'), ODD_BYTES, 2);
    await seeder.serve(['share', 'stream.bin']);
    const program = leecher.start(['download', 'stream.bin', '-o', '-']);
    const received: Buffer[] = [];
    program.child.stdout!.on('data', (part: Buffer) => received.push(part));
    expect(await program.ended()).toBe(0);
    expect(Buffer.concat(received).equals(bytes)).toBe(true);
  });
});
