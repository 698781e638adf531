import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from './program.js';

interface Manifest {
  readonly commands: Readonly<Record<string, { readonly aliases: readonly string[] }>>;
}

describe('the table of commands', () => {
  it('names every command and alias that there is', () => {
    const text = readFileSync(new URL('../../oclif.manifest.json', import.meta.url), 'utf8');
    const { commands } = JSON.parse(text) as Manifest;
    const names = Object.entries(commands).flatMap(([id, { aliases }]) => [id, ...aliases]);
    expect(Object.keys(COMMANDS).sort()).toEqual(names.sort());
  });

  it('starts under each name what the manifest says', async () => {
    const [list, show] = await Promise.all([COMMANDS['list']!(), COMMANDS['show']!()]);
    expect(list.default).toBe(show.default);
    const [info, locations] = await Promise.all([COMMANDS['info']!(), COMMANDS['locations']!()]);
    expect(info.default).toBe(locations.default);
  });
});
