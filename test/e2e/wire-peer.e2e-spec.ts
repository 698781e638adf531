import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEndpoint, type Endpoint, type Manifest } from '#protocol';
import type { DownloadData } from '../support/download-data.js';
import { PeerHome, type JsonResult } from '../support/peer-home.js';
import { rawFrame, rawFrames } from '../support/raw-frames.js';
import { RawListener, RawPeer, rawPeerId } from '../support/raw-peer.js';
import { answers, leechFrom, RawSeeder } from '../support/raw-swarm.js';
import { sampleBytes, writeSample } from '../support/sample-content.js';
import { CHUNK_BYTES, manifestOf } from '../support/session-lab.js';
import { startTracker, type RunningTracker } from '../support/start-tracker.js';
import { TrackerPeer } from '../support/tracker-peer.js';

const CHUNK_COUNT = 24;
const SIZE_BYTES = (CHUNK_COUNT - 1) * CHUNK_BYTES + 1_001;

let tracker: RunningTracker;
let bytes: Buffer;
let manifest: Manifest;

beforeAll(async () => {
  tracker = await startTracker();
  bytes = sampleBytes(SIZE_BYTES, 7);
  manifest = await manifestOf(bytes);
});

afterAll(async () => {
  await tracker[Symbol.asyncDispose]();
});

async function share(home: PeerHome, ...flags: string[]): Promise<Endpoint> {
  await writeSample(home.file('big.bin'), SIZE_BYTES, 7);
  const program = await home.serve(['share', 'big.bin', ...flags]);
  return parseEndpoint(/^ready (\S+)$/m.exec(program.stdout)![1]!);
}

/** Tells the tracker of somebody hand-written. */
async function register(peerId: string, endpoint: Endpoint, held: 'all' | 'nothing') {
  await using member = await TrackerPeer.join(tracker, { peerId, endpoints: [endpoint] });
  const { digest, sizeBytes, chunkCount } = manifest;
  const hashes = Buffer.from(manifest.hashes).toString('base64');
  const file = { digest, sizeBytes, chunkCount, hashes };
  expect(await member.register(file, { naming: 'keep', held })).toEqual([{ ok: true }]);
}

describe('a peer that shares', () => {
  it('answers by hand-written requests for ranges, many at once', async () => {
    await using home = await PeerHome.create(tracker);
    const endpoint = await share(home);
    await using peer = await leechFrom(endpoint, rawPeerId('b'), manifest);
    for (let chunk = 0; chunk < CHUNK_COUNT; chunk += 1) {
      peer.send(rawFrames.request(0, 100 + chunk, { chunk, offset: chunk, length: 900 }));
    }
    for (let chunk = 0; chunk < CHUNK_COUNT; chunk += 1) {
      const start = chunk * CHUNK_BYTES + chunk;
      expect(await peer.answerTo(100 + chunk, 900)).toEqual(bytes.subarray(start, start + 900));
    }
    peer.send(rawFrames.request(1, 1, { chunk: 0, length: 1 }));
    expect(await peer.answerTo(1, 1)).toBe('UNKNOWN_FILE');
    peer.send(rawFrames.open(1, `b3:${'0'.repeat(64)}`, 1));
    expect(await peer.next('close')).toMatchObject({ file: 1, code: 'UNKNOWN_FILE' });
    peer.send(rawFrame(0x7f));
    expect(await peer.ended()).toBe('UNKNOWN_FRAME');
  });

  it('says goodbye when it is stopped, and ends, whoever is connected', async () => {
    await using home = await PeerHome.create(tracker);
    await writeSample(home.file('big.bin'), SIZE_BYTES, 7);
    const program = await home.serve(['share', 'big.bin']);
    const endpoint = parseEndpoint(/^ready (\S+)$/m.exec(program.stdout)![1]!);
    await using leecher = await leechFrom(endpoint, rawPeerId('b'), manifest);
    await using silent = await RawPeer.dial(endpoint, rawPeerId('c'));
    await using deaf = await leechFrom(endpoint, rawPeerId('d'), manifest);
    deaf.stopReading();
    for (let id = 0; id < 100; id += 1) {
      deaf.send(rawFrames.request(0, id, { chunk: id % 8, length: CHUNK_BYTES }));
    }
    expect(await program.kill('SIGTERM')).toBe(0);
    expect(await leecher.ended()).toBe('SHUTTING_DOWN');
    await silent.ended();
  });
});

describe('two that download', () => {
  it('tell each other at once what they gain', async () => {
    await using seeder = await PeerHome.create(tracker);
    await using leecher = await PeerHome.create(tracker);
    await share(seeder, '--up', '3MiB/s');
    await using listener = await RawListener.listen(rawPeerId('g'));
    await register(listener.peerId, listener.endpoint, 'nothing');
    const program = leecher.start(['download', 'big.bin', '--json']);
    const other = await listener.meet();
    const { digest, chunkCount } = manifest;
    expect(await other.next()).toMatchObject({ type: 'open', digest, chunkCount });
    expect((await other.next()).type).toBe('bitfield');
    other.send(rawFrames.open(0, digest, chunkCount), rawFrames.bitfield(0, 'none'));
    const gained: number[] = [];
    await other.until(({ type, chunks }) => {
      if (type === 'have') gained.push(...chunks!);
      return gained.length === CHUNK_COUNT;
    });
    expect(new Set(gained).size).toBe(CHUNK_COUNT);
    expect(await program.ended()).toBe(0);
    expect(bytes.equals(await readFile(leecher.file('big.bin')))).toBe(true);
  });

  it('serve each other from the first chunk on', async () => {
    await using seeder = await PeerHome.create(tracker);
    await using leecher = await PeerHome.create(tracker);
    await share(seeder, '--up', '1MiB/s');
    await using listener = await RawListener.listen(rawPeerId('k'));
    await register(listener.peerId, listener.endpoint, 'nothing');
    leecher.start(['download', 'big.bin', '--json']);
    const other = await listener.meet();
    other.send(rawFrames.open(0, manifest.digest, CHUNK_COUNT), rawFrames.bitfield(0, 'none'));
    await other.next('unchoke');
    const { chunks } = await other.next('have');
    const [chunk] = chunks as [number];
    other.send(rawFrames.request(0, 1, { chunk, length: 1_000 }));
    const start = chunk * CHUNK_BYTES;
    expect(await other.answerTo(1, 1_000)).toEqual(bytes.subarray(start, start + 1_000));
  });
});

describe('a download with a hostile seeder in the swarm', () => {
  it('finishes correctly, and names and bans who sent wrong bytes', async () => {
    await using seeder = await PeerHome.create(tracker);
    await using leecher = await PeerHome.create(tracker);
    await share(seeder, '--up', '4MiB/s');
    const content = { manifest, bytes };
    await using hostile = await RawSeeder.listen(rawPeerId('x'), content, answers.wrong);
    await register(hostile.peerId, hostile.endpoint, 'all');
    const run = await leecher.run(['download', 'big.bin', '--json']);
    expect(run.exitCode).toBe(0);
    const [file] = (JSON.parse(run.stdout) as JsonResult<DownloadData>).data.files;
    expect(file!.chunksRejected).toBeGreaterThanOrEqual(3);
    expect(Object.keys(file!.bytesFromPeers)).not.toContain(hostile.peerId);
    expect(bytes.equals(await readFile(leecher.file('big.bin')))).toBe(true);
    expect(run.stderr).toContain(`banned ${hostile.peerId}: CHUNK_HASH_MISMATCH`);
    expect(await hostile.peers[0]!.ended()).toBe('BANNED');
  });
});
