import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as protocol from '#protocol';
import { FRAME_TYPES, TRACKER_CODES, TRACKER_PATTERNS, WIRE_CODES } from '#protocol';
import { readHouse } from './house-files.js';

const files = readHouse();
const textOf = (path: string) => files.find((file) => file.path === path)?.text ?? '';
const wirePage = textOf('docs/wire-protocol.md');
const trackerPage = textOf('docs/tracker-api.md');

interface GoldenFrame {
  readonly hex: string;
  readonly message: { readonly type: string };
}
const vectors = JSON.parse(textOf('test/vectors/wire-frames.json')) as GoldenFrame[];

/** Rows of the page's tables, as trimmed cells. */
const rowsOf = (page: string) =>
  page
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .slice(1, -1),
    );

describe('docs/wire-protocol.md', () => {
  const rows = rowsOf(wirePage);

  it('has every code with its number, and no other', () => {
    const documented = rows.flatMap(([value, name]) => {
      const isCode = /^[0-9]+$/.test(value ?? '') && /^`[A-Z_]+`$/.test(name ?? '');
      return isCode ? [[name!.replaceAll('`', ''), Number(value)]] : [];
    });
    expect(Object.fromEntries(documented)).toEqual(WIRE_CODES);
  });

  it('has every frame type, and no other', () => {
    const documented = rows.flatMap(([type, name]) => {
      const frame = /^\[(\w+)\]/.exec(name ?? '');
      return /^`0x[0-9a-f]{2}`$/.test(type ?? '') && frame !== null
        ? [[frame[1]!, Number(type!.replaceAll('`', ''))]]
        : [];
    });
    expect(Object.fromEntries(documented)).toEqual(FRAME_TYPES);
  });

  it('has the limits with the numbers that the code uses', () => {
    const limits = protocol as unknown as Record<string, unknown>;
    const documented = rows.flatMap(([name, value]) => {
      const limit = /^`(\w+_(BYTES|COUNT|MS))`$/.exec(name ?? '');
      return limit === null ? [] : [[limit[1]!, Number(value)] as const];
    });
    for (const [name, value] of documented) expect([name, limits[name]]).toEqual([name, value]);
    const named = new Set(documented.map(([name]) => name));
    const used = new Set(wirePage.match(/\b[A-Z_]+_(BYTES|COUNT|MS)\b/g));
    expect([...used].filter((name) => !named.has(name))).toEqual([]);
  });

  it('shows only frames that are vectors', () => {
    const shown = framesShownIn(wirePage);
    const golden = new Set(vectors.map((vector) => vector.hex));
    expect(shown.length).toBeGreaterThan(20);
    expect(shown.filter((hex) => !golden.has(hex))).toEqual([]);
  });

  it('shows every frame type', () => {
    const shown = new Set(framesShownIn(wirePage).map((hex) => Number(`0x${hex.slice(8, 10)}`)));
    expect(Object.values(FRAME_TYPES).filter((type) => !shown.has(type))).toEqual([]);
  });
});

describe('docs/tracker-api.md', () => {
  it('has every code', () => {
    expect(TRACKER_CODES.filter((code) => !trackerPage.includes(`\`${code}\``))).toEqual([]);
  });

  it('has every exchange', () => {
    const patterns = Object.values(TRACKER_PATTERNS);
    expect(patterns.filter((pattern) => !new RegExp(`\\b${pattern}\\b`).test(trackerPage))).toEqual(
      [],
    );
  });
});

describe('documents', () => {
  it('link only to what is there', () => {
    const broken = files
      .filter((file) => file.path.endsWith('.md'))
      .flatMap((file) => {
        return [...file.text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
          .map((match) => match[1]!)
          .filter(
            (link) => !existsSync(new URL(link, new URL(`../../${file.path}`, import.meta.url))),
          )
          .map((link) => `${file.path} -> ${link}`);
      });
    expect(broken).toEqual([]);
  });
});

describe('vectors and limits', () => {
  it('have golden bytes for every frame type', () => {
    const covered = new Set(vectors.map((vector) => vector.message.type));
    expect(Object.keys(FRAME_TYPES).filter((type) => !covered.has(type))).toEqual([]);
  });

  it('carry a unit in the name of every limit', () => {
    const limits = readFileSync(
      new URL('../../libs/protocol/src/limits.ts', import.meta.url),
      'utf8',
    );
    const names = [...limits.matchAll(/^export const (\w+)/gm)].map((match) => match[1]!);
    const unit = /_(BYTES|CHARS|COUNT|MS)$|^MAX_[A-Z]+_PER_[A-Z]+$|_PAGE$/;
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !unit.test(name))).toEqual([]);
  });
});

/** Whole frames in the page's code: hex in groups, then two spaces and words; a frame goes on in
 *  lines that begin with a space. */
function framesShownIn(page: string): string[] {
  const frames: string[] = [];
  for (const [, example] of page.matchAll(/^```\n([\s\S]*?)^```$/gm)) {
    let frame = '';
    for (const line of [...example!.split('\n'), '']) {
      const hex = /^\s*((?:[0-9a-f]{2})+(?: (?:[0-9a-f]{2})+)*)(?=\s|$)/.exec(line)?.[1] ?? '';
      if (!line.startsWith(' ')) {
        if (/^0000[0-9a-f]{6}/.test(frame)) frames.push(frame);
        frame = '';
      }
      frame += hex.replaceAll(' ', '');
    }
  }
  return frames;
}
