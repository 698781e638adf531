import { expect, it } from 'vitest';
import { readSourceText } from './source-text.js';

const words = (text: string) => text.match(/[a-z]+/g) ?? [];
const codeWords = (text: string) => words(readSourceText(text).code);

it.each([
  ['one; // two\nthree;', ['one', 'three']],
  ['one; /* two\n// two */ three;', ['one', 'three']],
  [`one('two', "two // two", 'it\\'s') + three`, ['one', 'three']],
  [
    'one(`two`) + `two ${three + `two ${{ four: `two` }} two`} two` + five',
    ['one', 'three', 'four', 'five'],
  ],
  ['one(/two[/"]two/g, three)', ['one', 'g', 'three']],
  ["one / three; four('/')", ['one', 'three', 'four']],
  ['one = `\\`two` + three', ['one', 'three']],
])('finds the code in %j', (text, expected) => {
  expect(codeWords(text)).toEqual(expected);
});

it('keeps strings where only comments go, and every line in its place', () => {
  const text = "import a from './b.js'; // why\n/* x\ny */ const c = `🐟 ${d}\n`;";
  const { uncommented, code } = readSourceText(text);
  expect(uncommented).toContain("from './b.js';");
  expect(uncommented).not.toContain('why');
  for (const read of [uncommented, code]) {
    expect(read).toHaveLength(text.length);
    expect(read.split('\n')).toHaveLength(4);
  }
});
