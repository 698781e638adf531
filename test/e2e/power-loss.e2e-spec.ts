import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toChunkIndex, verifyChunk, type Manifest } from '#protocol';
import { DownloadTarget } from '../../apps/peer/src/disk/download-target.js';
import { Library } from '../../apps/peer/src/disk/library.js';
import { placeTogether } from '../../apps/peer/src/disk/placement.js';
import { StagingFolder } from '../../apps/peer/src/disk/staging-folder.js';
import { UntoldCompletions } from '../../apps/peer/src/disk/untold-completions.js';
import { seededRandom } from '../sim/seeded-random.js';
import { cutEverywhere, type Crash } from '../support/crash-trial.js';
import { DiskRecording } from '../support/disk-recording.js';
import { leavePartial } from '../support/partial-download.js';
import { PeerHomes } from '../support/peer-homes.js';
import type { PeerHome } from '../support/peer-home.js';
import { writeSample } from '../support/sample-content.js';
import { manifestOf } from '../support/session-lab.js';
import { startTracker } from '../support/start-tracker.js';

const KIB = 1024;
const { signal } = new AbortController();

/** A file that was to be downloaded. */
interface Wanted {
  readonly bytes: Buffer;
  readonly manifest: Manifest;
}

async function wanted(bytes: Buffer): Promise<Wanted> {
  return { bytes, manifest: await manifestOf(bytes) };
}

function chunkOf({ bytes, manifest }: Wanted, index: number) {
  const chunkIndex = toChunkIndex(index);
  const start = manifest.layout.offsetBytes(chunkIndex);
  const end = start + manifest.layout.lengthBytes(chunkIndex);
  return verifyChunk(manifest, chunkIndex, bytes.subarray(start, end));
}

/** The next download after a power cut: whatever it believes must be so, and it ends with the very
 *  bytes and nothing beside them. */
async function downloadAgain(outputPath: string, file: Wanted, title: string): Promise<void> {
  if (existsSync(outputPath)) {
    expect(file.bytes.equals(readFileSync(outputPath)), title).toBe(true);
  }
  const { manifest } = file;
  const options = { outputPath, manifest, existingFile: 'refuse', signal } as const;
  try {
    await using target = await DownloadTarget.open(options);
    for (let index = 0; index < manifest.chunkCount; index += 1) {
      const chunk = chunkOf(file, index);
      if (target.claims.has(chunk.chunkIndex)) {
        const reading = target.store.read(chunk.chunkIndex, undefined, { signal });
        await expect(reading, title).resolves.toMatchObject({ chunkIndex: chunk.chunkIndex });
      } else {
        await target.store.write(chunk, { signal });
      }
    }
    await target.finish();
  } catch (error) {
    if ((error as { code?: string }).code !== 'TARGET_EXISTS') throw error;
  }
  expect(file.bytes.equals(readFileSync(outputPath)), title).toBe(true);
  const beside = readdirSync(dirname(outputPath)).filter((name) =>
    name.startsWith(basename(outputPath)),
  );
  expect(beside, title).toEqual([basename(outputPath)]);
}

/** As {@link downloadAgain}, for some of the small files of a folder. */
async function downloadSmallAgain(root: string, files: ReadonlyMap<string, Wanted>, title: string) {
  const staging = StagingFolder.open(root);
  const missing = [];
  for (const [name, file] of files) {
    const { manifest, bytes } = file;
    const outputPath = join(root, name);
    if (manifest.chunkCount > 1) continue;
    if (existsSync(outputPath)) {
      expect(bytes.equals(readFileSync(outputPath)), `${name} ${title}`).toBe(true);
      continue;
    }
    const staged = staging.stage(manifest);
    staged.create(bytes);
    missing.push({ staged, outputPath, existingFile: 'refuse' as const });
  }
  const some = missing.slice(0, 2);
  expect(await placeTogether(some, staging.path), title).toEqual(new Map());
  staging.close();
}

/** What a home remembers after a power cut must be there, whole. Returns the names. */
async function remembered(crash: Crash, home: string, files: ReadonlyMap<string, Wanted>) {
  const library = new Library(crash.here(home));
  const entries = existsSync(crash.here(home)) ? await library.entries() : [];
  for (const entry of entries) {
    const { bytes, manifest } = files.get(entry.name)!;
    expect((await library.manifestOf(entry)).digest, crash.title).toBe(manifest.digest);
    expect(bytes.equals(readFileSync(crash.here(entry.path))), crash.title).toBe(true);
  }
  return entries.map(({ name }) => name);
}

const rootOf = (home: PeerHome) => dirname(home.file('any'));

describe('a power cut at any moment of a download', () => {
  const SIZE_BYTES = 2 * KIB * KIB + 777;

  it.each(['nothing', 'a half of it', 'all of something else'] as const)(
    'loses nothing that was there, beginning with %s',
    async (start) => {
      await using tracker = await startTracker();
      await using homes = await PeerHomes.create(tracker, 2);
      const [seeder, leecher] = homes.all;
      const file = await wanted(await writeSample(seeder!.file('big.iso'), SIZE_BYTES, 21));
      const other = await wanted(await writeSample(seeder!.file('other'), SIZE_BYTES, 22));
      const output = leecher!.file('big.iso');
      if (start === 'a half of it') {
        await leavePartial(seeder!.file('big.iso'), output, (index) => index % 2 === 0);
      } else if (start === 'all of something else') {
        await leavePartial(seeder!.file('other'), output, () => true);
      }
      await seeder!.serve(['share', 'big.iso', '--up', '512KiB/s']);
      const recording = await DiskRecording.of(rootOf(leecher!), async (env) => {
        const args = ['download', 'big.iso', '--json', '--progress', 'json'];
        const download = leecher!.start(args, { env });
        await download.until(() => /"bytesDone":[1-9]/.test(download.stderr));
        // It is to note by itself that the file is complete.
        await tracker.kill('SIGKILL');
        expect(await download.ended()).toBe(0);
      });
      const { home } = leecher!;
      const key = readFileSync(join(home, 'identity.key'));
      const files = new Map([['big.iso', file]]);

      const kinds = new Set(recording.steps.map(({ did }) => did));
      expect([...kinds]).toEqual(expect.arrayContaining(['write', 'sync', 'syncFolder', 'linked']));

      await cutEverywhere(recording, seededRandom(1), async (crash) => {
        const names = await remembered(crash, home, files);
        if (crash.isAtEnd) {
          expect(names, crash.title).toEqual(['big.iso']);
          const untold = new UntoldCompletions(join(crash.here(home), 'untold'));
          expect(await untold.list(), crash.title).toEqual([file.manifest.digest]);
          expect(readFileSync(crash.here(join(home, 'identity.key')))).toEqual(key);
        }
        await downloadAgain(crash.here(output), file, crash.title);
      });
      if (start !== 'all of something else') return;
      await cutEverywhere(recording, seededRandom(3), async ({ here, title }) => {
        if (!existsSync(here(output))) await downloadAgain(here(output), other, title);
      });
    },
  );

  it.each([4, 24])('keeps what is in place of a folder of %i small files', async (fileCount) => {
    await using tracker = await startTracker();
    await using homes = await PeerHomes.create(tracker, 2);
    const [seeder, leecher] = homes.all;
    const files = new Map<string, Wanted>();
    mkdirSync(seeder!.file('set/deep/er'), { recursive: true });
    mkdirSync(seeder!.file('set/large'));
    for (let index = 0; index < fileCount; index += 1) {
      const name = index % 2 === 0 ? `set/${index}` : `set/deep/er/${index}`;
      const bytes = await writeSample(seeder!.file(name), index * 1_000, index);
      files.set(name, await wanted(bytes));
    }
    const large = await writeSample(seeder!.file('set/large/one'), 600 * KIB, 23);
    files.set('set/large/one', await wanted(large));
    await seeder!.serve(['share', 'set']);
    const recording = await DiskRecording.of(rootOf(leecher!), async (env) => {
      const run = await leecher!.run(['download', 'set/', '-o', 'a/copy', '--json'], { env });
      expect(run.exitCode).toBe(0);
    });
    const outputOf = (name: string) => leecher!.file(`a/copy/${name}`);

    await cutEverywhere(recording, seededRandom(2), async (crash) => {
      const names = await remembered(crash, leecher!.home, files);
      if (crash.isAtEnd) expect(new Set(names), crash.title).toEqual(new Set(files.keys()));
      const root = crash.here(outputOf(''));
      mkdirSync(join(root, 'set/deep/er'), { recursive: true });
      mkdirSync(join(root, 'set/large'), { recursive: true });
      await downloadSmallAgain(root, files, crash.title);
      await downloadAgain(join(root, 'set/large/one'), files.get('set/large/one')!, crash.title);
      expect(readdirSync(root), crash.title).toEqual(['set']);
    });
  });
});
