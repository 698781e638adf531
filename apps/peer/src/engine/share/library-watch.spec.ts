import { expect, it } from 'vitest';
import { rawPeerId } from '../../../../../test/support/raw-peer.js';
import { rawFrames } from '../../../../../test/support/raw-frames.js';
import { leechFrom } from '../../../../../test/support/raw-swarm.js';
import { sampleBytes } from '../../../../../test/support/sample-content.js';
import { SessionLab } from '../../../../../test/support/session-lab.js';
import { watchLibrary } from './library-watch.js';

it('stops serving what is taken out of the library, and nothing else', async () => {
  await using lab = await SessionLab.open();
  const { library } = lab.session;
  const gone = await lab.share('gone.bin', sampleBytes(10, 1));
  const kept = await lab.share('kept.bin', sampleBytes(10, 2));
  const stopping = new AbortController();
  for (const [name, { manifest, path }] of Object.entries({ 'gone.bin': gone, 'kept.bin': kept })) {
    const stamp = { sizeBytes: 10, mtimeNs: '0', inode: '0' };
    const addedAt = new Date(0).toISOString();
    const entry = {
      name,
      digest: manifest.digest,
      path,
      stamp,
      origin: 'shared' as const,
      addedAt,
    };
    await library.put([{ entry, manifest }]);
  }
  watchLibrary(lab.session, (event) => lab.session.notify(event), { signal: stopping.signal });
  await using peer = await leechFrom(lab.endpoint, rawPeerId('b'), gone.manifest);

  await library.remove({ name: 'gone.bin' });

  expect(await peer.next('close')).toMatchObject({ numberedBy: 0, code: 'OK' });
  expect(await lab.event('withdrawn')).toMatchObject({ names: ['gone.bin'] });
  await using other = await leechFrom(lab.endpoint, rawPeerId('c'), kept.manifest);
  other.send(rawFrames.request(0, 1, { chunk: 0, length: 10 }));
  expect(await other.answerTo(1, 10)).toEqual(kept.bytes);
  stopping.abort();
});
