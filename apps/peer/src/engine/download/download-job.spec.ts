import { open, readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { Bitfield, toChunkIndex } from '#protocol';
import { rawFrames } from '../../../../../test/support/raw-frames.js';
import { rawPeerId } from '../../../../../test/support/raw-peer.js';
import { answers, leechFrom, RawSeeder } from '../../../../../test/support/raw-swarm.js';
import { sampleBytes } from '../../../../../test/support/sample-content.js';
import { CHUNK_BYTES, manifestOf, SessionLab } from '../../../../../test/support/session-lab.js';

it('does not trust its part again once the disk was seen to have changed it', async () => {
  await using lab = await SessionLab.open();
  const bytes = sampleBytes(4 * CHUNK_BYTES, 3);
  const manifest = await manifestOf(bytes);
  const content = { manifest, bytes };
  const held = Bitfield.full(4);
  held.clear(toChunkIndex(3));
  const some = { ...content, held: Buffer.from(held.toBytes()) };
  await using first = await RawSeeder.listen(rawPeerId('s'), some, answers.honest);
  const download = lab.download(manifest, [first.location]);
  download.catch(() => undefined); // looked at below
  await lab.stored(manifest, 3);

  await using part = await open(`${lab.file('download.bin')}.part`, 'r+');
  await part.write(Buffer.alloc(1_000, 0xdb), 0, 1_000, CHUNK_BYTES);
  await using leecher = await leechFrom(lab.endpoint, rawPeerId('l'), manifest);
  leecher.send(rawFrames.request(0, 1, { chunk: 1, length: CHUNK_BYTES }));
  await expect(download).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });

  await using second = await RawSeeder.listen(rawPeerId('t'), content, answers.honest);
  await lab.download(manifest, [second.location]);
  expect(bytes.equals(await readFile(lab.file('download.bin')))).toBe(true);
  expect(new Set(second.requests.map(({ chunk }) => chunk))).toEqual(new Set([1, 3]));
});
