import { readFile } from 'node:fs/promises';
import { parseEndpoint } from '#protocol';
import { buildManifest } from '../../apps/peer/src/disk/manifest-builder.js';
import { rawPeerId } from '../../test/support/raw-peer.js';
import { answers, RawSeeder, type RawAnswer } from '../../test/support/raw-swarm.js';
import { TrackerCaller } from '../../test/support/tracker-caller.js';
import { TrackerPeer } from '../../test/support/tracker-peer.js';

interface Manners {
  readonly answer: RawAnswer;
  readonly claims: 'at once' | 'by and by';
}

/** What a peer may do to others, by its name in the table. */
const KINDS: Readonly<Record<string, Manners>> = {
  'sends wrong bytes': { answer: answers.wrong, claims: 'at once' },
  'denies each chunk': { answer: answers.denying, claims: 'at once' },
  'lies in have': { answer: answers.denying, claims: 'by and by' },
  'says nothing': { answer: answers.silent, claims: 'at once' },
  'a byte a second': { answer: answers.trickling, claims: 'at once' },
  'resets every connection': { answer: answers.vanishing, claims: 'at once' },
};

export const OFFENDER_NAMES: readonly string[] = Object.keys(KINDS);

/** Starts a peer, in this process, that says it has all of a file and behaves as it is called; the
 *  tracker, `HOST:PORT`, hands it out when this resolves. */
export async function startOffender(
  name: string,
  filePath: string,
  trackerAddress: string,
  { signal }: { signal: AbortSignal },
): Promise<RawSeeder> {
  const { answer, claims } = KINDS[name]!;
  const { manifest } = await buildManifest(filePath, { signal });
  const bytes = await readFile(filePath, { signal });
  const held = Buffer.alloc(Math.ceil(manifest.chunkCount / 8));
  const gained = Array.from({ length: manifest.chunkCount }, (_, index) => index);
  const telling = claims === 'at once' ? {} : { held, gained };
  const peerId = rawPeerId('x', 'evil');
  const offender = await RawSeeder.listen(peerId, { manifest, bytes, ...telling }, answer);
  const tracker = { caller: () => TrackerCaller.connect(parseEndpoint(trackerAddress)) };
  const endpoints = [offender.endpoint];
  await using member = await TrackerPeer.join(tracker, { peerId, endpoints });
  const { digest, sizeBytes, chunkCount } = manifest;
  const hashes = Buffer.from(manifest.hashes).toString('base64');
  const file = { digest, sizeBytes, chunkCount, hashes };
  await member.register(file, { naming: 'keep', held: 'all' });
  return offender;
}
