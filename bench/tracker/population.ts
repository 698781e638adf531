import { randomFillSync } from 'node:crypto';
import { createIdentityKey, identityOfKey, newPeerId, newSession } from '#identity';
import {
  Bitfield,
  encodeBase64,
  HASH_BYTES,
  HELD_ALL,
  Manifest,
  MAX_FILES_PER_MESSAGE,
  MAX_HASHES_PER_MESSAGE,
  MIN_CHUNK_BYTES,
  type Caller,
  type FileResult,
  type Identity,
  type RegisterFile,
} from '#protocol';
import { TrackerClient } from '../../apps/peer/src/net/tracker-client.js';
import type { TrackerAccess } from './tracker-access.js';

export interface PopulationSize {
  readonly fileCount: number;
  readonly chunkCount: number;
  readonly peerCount: number;
  /** Peers of each file; half of them hold all of it, the others a random quarter. */
  readonly peersPerFileCount: number;
}

export interface LoadedFile {
  readonly name: string;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly hashes: string;
}

export interface LoadedPeer extends Caller {
  /** Files that it holds in part: it may report chunks of them. */
  readonly partial: LoadedFile[];
}

export interface Population {
  readonly size: PopulationSize;
  readonly files: readonly LoadedFile[];
  readonly peers: readonly LoadedPeer[];
}

const CALL_TIMEOUT_MS = 120_000;
const LEECHER_SHARE = 0.25;

/** Fills a tracker through its API: peers join, and each registers its files in one message. At a secured one
 *  they are processes of one identity, so that every connection may speak for all of them. */
export async function populate(
  { path, identity }: TrackerAccess,
  size: PopulationSize,
  { signal }: { signal: AbortSignal },
): Promise<Population> {
  using client = new TrackerClient(path, { callMs: CALL_TIMEOUT_MS, connectMs: 5_000 });
  const files = Array.from({ length: size.fileCount }, (_, index) => createFile(index, size));
  const peers: LoadedPeer[] = [];
  for (let index = 0; index < size.peerCount; index += 1) {
    peers.push(await join(client, { identity, index }, signal));
  }
  await registerManifests(client, { peer: peers[0]!, files, size }, signal);
  for (const [index, peer] of peers.entries()) {
    const held = files.flatMap((file, fileIndex) => hold({ index, peer, file, fileIndex }, size));
    for (let start = 0; start < held.length; start += MAX_FILES_PER_MESSAGE) {
      await register(client, peer, held.slice(start, start + MAX_FILES_PER_MESSAGE), signal);
    }
  }
  return { size, files, peers };
}

function createFile(index: number, { chunkCount }: PopulationSize): LoadedFile {
  const hashes = randomFillSync(new Uint8Array(chunkCount * HASH_BYTES));
  const sizeBytes = chunkCount * MIN_CHUNK_BYTES;
  const { digest } = Manifest.fromHashes({ sizeBytes, hashes });
  const name = `builds/release-${String(index).padStart(6, '0')}/image.tar`;
  return { name, digest, sizeBytes, hashes: encodeBase64(hashes) };
}

async function join(
  client: TrackerClient,
  { identity, index }: { identity: Identity | undefined; index: number },
  signal: AbortSignal,
): Promise<LoadedPeer> {
  const peerId = newPeerId(identity ?? identityOfKey(createIdentityKey()));
  const caller = { peerId, session: newSession() };
  // A secured tracker looks whether they answer: then nobody outside this machine is to be asked.
  const net = identity === undefined ? 10 : 127;
  const host = `${net}.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
  const request = {
    ...caller,
    apiVersions: [1],
    features: [],
    hostname: `build-${index}.example.net`,
    programVersion: '0.1.0',
    os: 'linux x64',
    labels: [`rack=${index % 16}`],
    endpoints: [{ host, port: 41_000 }],
  };
  await client.call('join', request, { signal });
  return { ...caller, partial: [] };
}

/** The first peer tells the hashes; all others know them to be there. */
async function registerManifests(
  client: TrackerClient,
  from: { peer: LoadedPeer; files: readonly LoadedFile[]; size: PopulationSize },
  signal: AbortSignal,
): Promise<void> {
  const stepCount = Math.max(1, Math.floor(MAX_HASHES_PER_MESSAGE / from.size.chunkCount));
  for (let start = 0; start < from.files.length; start += stepCount) {
    const entries = from.files.slice(start, start + stepCount).map((file) => {
      return { ...file, naming: 'publish', held: HELD_ALL } as const;
    });
    await register(client, from.peer, entries, signal);
  }
}

/** What a peer says of a file: nothing when it is not one of the file's peers. */
function hold(
  of: { index: number; peer: LoadedPeer; file: LoadedFile; fileIndex: number },
  size: PopulationSize,
): RegisterFile[] {
  const place = (of.index + of.fileIndex) % size.peerCount;
  if (place >= size.peersPerFileCount) return [];
  const { digest, sizeBytes } = of.file;
  if (place % 2 === 0) return [{ digest, sizeBytes, naming: 'keep', held: HELD_ALL }];
  of.peer.partial.push(of.file);
  const held = encodeBase64(randomField(size.chunkCount).toBytes());
  return [{ digest, sizeBytes, naming: 'keep', held }];
}

function randomField(chunkCount: number): Bitfield {
  const field = Bitfield.empty(chunkCount);
  for (let index = 0; index < chunkCount; index += 1) {
    if (Math.random() < LEECHER_SHARE) field.setRange([index, index]);
  }
  return field;
}

async function register(
  client: TrackerClient,
  { peerId, session }: Caller,
  files: readonly RegisterFile[],
  signal: AbortSignal,
): Promise<void> {
  const { results } = await client.call('register', { peerId, session, files }, { signal });
  const refusal = results.find((result: FileResult) => !result.ok);
  if (refusal !== undefined) throw new Error(`refused: ${JSON.stringify(refusal)}`);
}
