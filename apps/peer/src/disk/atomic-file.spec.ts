import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { writeFileAtomically } from './atomic-file.js';
import { renameExclusively } from './exclusive-rename.js';

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-atomic-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

it('replaces a file as a whole, with the mode asked for', async () => {
  const path = join(newFolder(), 'file');
  await writeFileAtomically(path, Buffer.from('one'), { mode: 0o600 });
  const { ino } = statSync(path);
  await writeFileAtomically(path, Buffer.from('two'), { mode: 0o600, durability: 'unsynced' });
  expect(readFileSync(path, 'utf8')).toBe('two');
  expect(statSync(path).ino).not.toBe(ino);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(path, '..'))).toEqual(['file']);
});

it('leaves no temporary file behind when it fails', async () => {
  const folder = newFolder();
  mkdirSync(join(folder, 'taken'));
  await expect(writeFileAtomically(join(folder, 'taken'), Buffer.from('x'))).rejects.toMatchObject({
    name: 'TransferError',
  });
  expect(readdirSync(folder)).toEqual(['taken']);
  await expect(writeFileAtomically('/proc/shoal/none', Buffer.from('x'))).rejects.toMatchObject({
    name: 'TransferError',
  });
});

it('renames only to where nothing is', () => {
  const folder = newFolder();
  const [from, to] = [join(folder, 'from'), join(folder, 'to')];
  writeFileSync(from, 'new');
  writeFileSync(to, 'precious');
  expect(() => renameExclusively(from, to)).toThrow(expect.objectContaining({ code: 'EEXIST' }));
  expect(readFileSync(to, 'utf8')).toBe('precious');
  rmSync(to);
  renameExclusively(from, to);
  expect(readdirSync(folder)).toEqual(['to']);
});
