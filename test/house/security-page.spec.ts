import { expect, it } from 'vitest';
import { readHouse } from './house-files.js';

const files = new Map(readHouse().map(({ path, text }) => [path, text]));
const page = files.get('docs/security.md') ?? '';
const [, table = ''] = page.split('## Promises and their tests');

/** Cells of the rows below the table's head. */
const rows = table
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .slice(2)
  .map((line) => line.slice(1, -1).split(' | '));

const TEST = /`([^`]+\.ts)` "([^"]+)"/g;

it('docs/security.md says of every promise how it is kept and which tests see to it', () => {
  expect(rows.length).toBeGreaterThan(20);
  const incomplete = rows.filter((cells) => {
    const [promise = '', how = '', tests = ''] = cells.map((cell) => cell.trim());
    const isWhole = cells.length === 3 && promise !== '' && how !== '';
    return !isWhole || tests.replaceAll(TEST, '').replaceAll(/[;\s]/g, '') !== '' || tests === '';
  });
  expect(incomplete).toEqual([]);
});

it('docs/security.md names only tests that are there', () => {
  const named = [...table.matchAll(TEST)].map(([, path, title]) => ({
    path: path!,
    title: title!,
  }));
  const missing = named.filter(({ path, title }) => !hasTest(files.get(path) ?? '', title));
  expect(missing).toEqual([]);
});

/** Whether a text calls something with this title first: `it('…', `, `describe('…', `, `.each(…)('…', `. */
function hasTest(text: string, title: string): boolean {
  return ["'", '"', '`'].some((quote) => {
    const at = text.indexOf(`${quote}${title}${quote},`);
    return at !== -1 && text.slice(0, at).trimEnd().endsWith('(');
  });
}
