import {
  encodeBase64,
  formatHeldChunks,
  HASH_BYTES,
  MAX_FILES_PER_MESSAGE,
  MAX_HASHES_PER_MESSAGE,
  type Caller,
  type Digest,
  type FileResult,
  type Manifest,
  type RegisterFile,
} from '#protocol';
import type { TrackerClient } from '../../net/tracker-client.js';
import type { Announcement } from './announcement.js';

/** Hashes of files up to here travel with every registration; of larger ones only on demand. */
const MAX_EAGER_HASH_COUNT = 16;
/** A message is sent before it comes near the tracker's limit. */
const MAX_BATCH_CHARS = 400_000;

interface TrackerCaller {
  readonly client: TrackerClient;
  readonly caller: Caller;
}

interface Registrar extends TrackerCaller {
  /** Told what the tracker says of who may have a digest. */
  readonly registered: (digest: Digest, restriction: { restricted: boolean }) => void;
}

interface Item {
  readonly announcement: Announcement;
  readonly name: string | undefined;
  readonly file: RegisterFile;
  readonly isComplete: boolean;
}

/** Registers what is announced, in as few messages as fit, manifests included where the tracker
 *  lacks them; settles each name with the tracker's answer. Rejects when the tracker fails. */
export async function registerAll(
  announcements: readonly Announcement[],
  tracker: Registrar,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  const items = announcements.flatMap(itemsOf);
  // Set before the first await: a name that is added meanwhile clears it again.
  for (const announcement of announcements) announcement.isRegistered = true;
  try {
    await registerItems(items, tracker, signal);
  } catch (error) {
    for (const announcement of announcements) announcement.isRegistered = false;
    throw error;
  }
}

async function registerItems(
  items: readonly Item[],
  tracker: Registrar,
  signal: AbortSignal,
): Promise<void> {
  for (const batch of batchesOf(items)) {
    const files = batch.map((item) => item.file);
    const { results } = await tracker.client.call(
      'register',
      { ...tracker.caller, files },
      { signal },
    );
    for (const [index, item] of batch.entries()) {
      let result = results[index] ?? missingResult();
      if (!result.ok && result.code === 'MANIFEST_NEEDED') {
        result = await registerWithManifest(item, tracker, signal);
      }
      if (result.ok) {
        const { digest } = item.announcement.transfer;
        tracker.registered(digest, { restricted: result.restricted === true });
      }
      if (result.ok && item.isComplete) item.announcement.completionTold();
      item.announcement.settle(item.name, result);
    }
  }
}

async function registerWithManifest(
  item: Item,
  { client, caller }: TrackerCaller,
  signal: AbortSignal,
): Promise<FileResult> {
  const { manifest } = item.announcement.transfer;
  let { file } = item;
  if (manifest.chunkCount <= MAX_HASHES_PER_MESSAGE) {
    file = { ...file, hashes: encodeBase64(manifest.hashes) };
  } else {
    for (const page of manifestPages(manifest)) {
      await client.call('manifestPut', { ...caller, ...page }, { signal });
    }
  }
  const { results } = await client.call('register', { ...caller, files: [file] }, { signal });
  return results[0] ?? missingResult();
}

function* manifestPages(manifest: Manifest) {
  const { digest, sizeBytes, chunkCount } = manifest;
  for (let first = 0; first < chunkCount; first += MAX_HASHES_PER_MESSAGE) {
    const page = manifest.hashes.subarray(
      first * HASH_BYTES,
      (first + MAX_HASHES_PER_MESSAGE) * HASH_BYTES,
    );
    yield { digest, sizeBytes, firstChunkIndex: first, hashes: encodeBase64(page) };
  }
}

function itemsOf(announcement: Announcement): Item[] {
  const { manifest } = announcement.transfer;
  const holding = announcement.transfer.heldByOwner();
  const held = formatHeldChunks(holding);
  const eager =
    manifest.chunkCount <= MAX_EAGER_HASH_COUNT ? { hashes: encodeBase64(manifest.hashes) } : {};
  return announcement.names.map(({ name, isKeptBack, naming, allow }) => ({
    announcement,
    name,
    isComplete: holding.isComplete,
    file: {
      digest: manifest.digest,
      sizeBytes: manifest.sizeBytes,
      ...eager,
      ...(name === undefined || isKeptBack ? {} : { name }),
      naming,
      ...(allow === undefined ? {} : { allow }),
      held,
    },
  }));
}

function* batchesOf(items: readonly Item[]): Generator<Item[]> {
  let batch: Item[] = [];
  let chars = 0;
  for (const item of items) {
    const itemChars = JSON.stringify(item.file).length;
    if (batch.length >= MAX_FILES_PER_MESSAGE || chars + itemChars > MAX_BATCH_CHARS) {
      yield batch;
      batch = [];
      chars = 0;
    }
    batch.push(item);
    chars += itemChars;
  }
  if (batch.length > 0) yield batch;
}

function missingResult(): FileResult {
  return { ok: false, code: 'INTERNAL', message: 'the tracker gave no result for this file' };
}
