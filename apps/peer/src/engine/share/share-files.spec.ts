import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { parseGroup, type RegisterFile, type RegisterRequest } from '#protocol';
import { eventually } from '../../../../../test/support/eventually.js';
import { RawTracker, type RawRequest } from '../../../../../test/support/raw-tracker.js';
import { SessionLab } from '../../../../../test/support/session-lab.js';
import { seedLibrary, shareFiles } from './share-files.js';

const onHashed = () => undefined;
const { signal } = new AbortController();

/** Takes whatever is registered. */
function answer({ pattern, data }: RawRequest): unknown {
  if (pattern !== 'register') return { apiVersion: 1, features: [], bootId: 'b', leaseMs: 60_000 };
  return { results: (data as RegisterRequest).files.map(() => ({ ok: true })) };
}

function registered(tracker: RawTracker): RegisterFile[] {
  const requests = tracker.requests.filter(({ pattern }) => pattern === 'register');
  return requests.flatMap(({ data }) => (data as RegisterRequest).files);
}

it('says for whom a name is, also when the file is only served again, or else does not name it', async () => {
  await using tracker = await RawTracker.answering(answer);
  await using lab = await SessionLab.open({ tracker: tracker.endpoint });
  await writeFile(lab.file('secret.bin'), 'secret');
  await writeFile(lab.file('open.bin'), 'open');
  const allow = [parseGroup('red'), parseGroup('blue')];
  const share = { naming: 'publish', onHashed, signal } as const;
  await shareFiles(lab.session, { paths: [lab.file('secret.bin')], cwd: '/' }, { ...share, allow });
  await shareFiles(lab.session, { paths: [lab.file('open.bin')], cwd: '/' }, share);
  expect(registered(tracker)).toMatchObject([
    { name: 'secret.bin', naming: 'publish', allow },
    { name: 'open.bin', naming: 'publish' },
  ]);
  expect(registered(tracker)[1]).not.toHaveProperty('allow');

  await using again = await SessionLab.open({ tracker: tracker.endpoint });
  const [first] = await lab.session.library.entries();
  const named = { ...first!, name: 'downloaded.bin', allow: undefined, restricted: true as const };
  for (const entry of [...(await lab.session.library.entries()), named]) {
    const manifest = await lab.session.library.manifestOf(entry);
    await again.session.library.put([{ entry, manifest }]);
  }
  await seedLibrary(again.session, {
    onLost: (_name, error) => expect.fail(error.message),
    signal,
  });
  const later = () => registered(tracker).slice(2);
  await eventually(() => {
    const names = new Set(later().map(({ name }) => name));
    expect(names).toEqual(new Set(['secret.bin', 'open.bin', undefined]));
  });
  for (const file of later()) {
    expect(file.naming).toBe('keep');
    expect(file.allow).toEqual(file.name === 'secret.bin' ? allow : undefined);
  }
});
