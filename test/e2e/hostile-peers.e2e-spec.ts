import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from '#protocol';
import type { DownloadData } from '../support/download-data.js';
import { PeerHomes } from '../support/peer-homes.js';
import { rawPeerId } from '../support/raw-peer.js';
import { answers, RawSeeder, type RawAnswer } from '../support/raw-swarm.js';
import { writeSample } from '../support/sample-content.js';
import { manifestOf } from '../support/session-lab.js';
import { startTracker, type RunningTracker } from '../support/start-tracker.js';
import { TrackerPeer } from '../support/tracker-peer.js';

const MIB = 1024 * 1024;

interface Offender {
  readonly does: string;
  readonly answer: RawAnswer;
  /** It says at first that it has nothing, and then that it has gained all. */
  readonly tells?: 'by and by';
  /** What the download says of it, after its peer id. */
  readonly named: { readonly before: string; readonly after: string };
  /** At least, at two times 1 MiB/s: silence takes a while to be told from slowness. */
  readonly sizeBytes: number;
}

const BANNED_FOR_BYTES = { before: 'banned', after: ': CHUNK_HASH_MISMATCH' };
const BANNED_FOR_LYING = { before: 'banned', after: ': CHUNK_NOT_HELD' };
const SNUBBED = { before: 'snubbed', after: ': it owes chunks and sends next to nothing' };

const OFFENDERS: readonly Offender[] = [
  {
    does: 'sends wrong bytes',
    answer: answers.wrong,
    named: BANNED_FOR_BYTES,
    sizeBytes: 4 * MIB,
  },
  {
    does: 'claims all and denies each chunk',
    answer: answers.denying,
    named: BANNED_FOR_LYING,
    sizeBytes: 4 * MIB,
  },
  {
    does: 'tells of chunks that it does not have',
    answer: answers.denying,
    tells: 'by and by',
    named: BANNED_FOR_LYING,
    sizeBytes: 4 * MIB,
  },
  {
    does: 'claims all and fails at each chunk',
    answer: answers.refusing,
    named: { before: 'gave up on', after: ' for now: INTERNAL' },
    sizeBytes: 4 * MIB,
  },
  {
    does: 'resets every connection',
    answer: answers.vanishing,
    named: { before: 'connection to', after: ' failed: ' },
    sizeBytes: 4 * MIB,
  },
  {
    does: 'claims all and says nothing',
    answer: answers.silent,
    named: SNUBBED,
    sizeBytes: 13 * MIB,
  },
  {
    does: 'sends a byte a second',
    answer: answers.trickling,
    named: SNUBBED,
    sizeBytes: 13 * MIB,
  },
];

describe('a download from two honest seeders and one peer that', () => {
  let tracker: RunningTracker;
  beforeAll(async () => {
    tracker = await startTracker();
  });
  afterAll(async () => {
    await tracker[Symbol.asyncDispose]();
  });

  /** Tells the tracker that the offender has all of the file. */
  async function register({ peerId, endpoint }: RawSeeder, manifest: Manifest): Promise<void> {
    await using member = await TrackerPeer.join(tracker, { peerId, endpoints: [endpoint] });
    const { digest, sizeBytes, chunkCount } = manifest;
    const hashes = Buffer.from(manifest.hashes).toString('base64');
    const file = { digest, sizeBytes, chunkCount, hashes };
    expect(await member.register(file, { naming: 'keep', held: 'all' })).toEqual([{ ok: true }]);
  }

  it.each(OFFENDERS)('$does: ends right, and names it', async (offender) => {
    const { does, answer, named, sizeBytes } = offender;
    const seed = 700 + OFFENDERS.indexOf(offender);
    await using homes = await PeerHomes.create(tracker, 3);
    const [first, second, leecher] = homes.all;
    const bytes = await writeSample(first!.file('fair.iso'), sizeBytes + seed, seed);
    await writeSample(second!.file('fair.iso'), bytes.length, seed);
    const manifest = await manifestOf(bytes);
    const name = `${does}.iso`;
    await first!.serve(['share', 'fair.iso', '--name', name, '--up', '1MiB/s']);
    await second!.serve(['share', 'fair.iso', '--name', name, '--up', '1MiB/s']);
    const none = Buffer.alloc(Math.ceil(manifest.chunkCount / 8));
    const gained = Array.from({ length: manifest.chunkCount }, (_, index) => index);
    const claims = offender.tells === undefined ? {} : { held: none, gained };
    const content = { manifest, bytes, ...claims };
    await using hostile = await RawSeeder.listen(rawPeerId('x', 'evil'), content, answer);
    await register(hostile, manifest);

    const run = await leecher!.run(['download', name, '--verbose', '--json']);

    expect(run.exitCode, run.stderr).toBe(0);
    const { files } = (JSON.parse(run.stdout) as { data: DownloadData }).data;
    expect(bytes.equals(await readFile(files[0]!.path))).toBe(true);
    expect(Object.keys(files[0]!.bytesFromPeers)).toHaveLength(2);
    expect(files[0]!.bytesFromPeers[hostile.peerId]).toBeUndefined();
    expect(hostile.requests.length).toBeGreaterThan(0);
    expect(run.stderr).toContain(`${named.before} ${hostile.peerId}${named.after}`);
  });
});
