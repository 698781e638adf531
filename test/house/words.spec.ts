import { describe, expect, it } from 'vitest';
import { placesOf, readHouse, readSources, type SourceFile } from './house-files.js';

const files = readHouse();
const sources = readSources(files);

const MAX_LINES = 300;
const MAX_SPEC_LINES = 400;

const NOT_OUR_WORDS = new Set(['block', 'torrent', 'blacklist']);
/** Names that Node and the operating system have chosen. */
const FOREIGN_NAMES = new Set(['NodeJS', 'BlockList', 'blocks', 'STAT_BLOCK_BYTES', 'Segmenter']);
/** Names and paths have segments, between their slashes. */
const SPEAKS_OF_NAMES = /\b(parseName|parsePrefix|FileName|MAX_NAME_SEGMENT_BYTES|node:path)\b/;
const GRAB_BAGS = /(^|[./-])(utils?|helpers?|common|misc)([./-]|$)/;
const DRAWERS = /^apps\/[^/]+\/src\/(controllers|services|entities|interfaces|types)\//;

/** `maxQueuedRequestCount` and `MAX_QUEUED_REQUEST_COUNT` to lower-case words, without plural. */
function wordsOf(identifier: string): string[] {
  return identifier
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .split(/[_$]+/)
    .map((word) => word.replace(/s$/, ''));
}

function isNotOurs(identifier: string, file: SourceFile): boolean {
  if (FOREIGN_NAMES.has(identifier)) return false;
  const words = wordsOf(identifier);
  if (words.some((word) => NOT_OUR_WORDS.has(word))) return true;
  if (words.includes('segment')) return !SPEAKS_OF_NAMES.test(file.text);
  // "Piece" is kept in the picker's name alone; a peer is never a node.
  if (words.includes('piece')) return words[words.indexOf('piece') + 1] !== 'picker';
  return /^nodes?$|^nodeIds?$|Nodes?$/.test(identifier);
}

const code = (pattern: RegExp, where: (file: SourceFile) => boolean = () => true) =>
  sources.filter(where).flatMap((file) => placesOf(file, file.code, pattern));
const spelled = (...letters: string[]) => letters.join('');

describe('files', () => {
  it('are short', () => {
    const tooLong = sources.filter((file) => {
      const lineCount = file.text.trimEnd().split('\n').length;
      return (
        lineCount > (file.isSpec || file.path.startsWith('test/') ? MAX_SPEC_LINES : MAX_LINES)
      );
    });
    expect(tooLong.map((file) => file.path)).toEqual([]);
  });

  it('are named for one noun: no grab-bags, no drawers', () => {
    const paths = sources.map((file) => file.path);
    const wrong = paths.filter((path) => GRAB_BAGS.test(path) || DRAWERS.test(path));
    expect(wrong).toEqual([]);
  });

  it('are named in kebab case and in our words', () => {
    const names = sources.map((file) => file.path.split('/').at(-1)!);
    expect(
      names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*\.ts$/.test(name)),
    ).toEqual([]);
    const foreign = /(^|[-.])(blocks?|segments?|torrents?|nodes?|blacklist)([-.])/;
    expect(names.filter((name) => foreign.test(name))).toEqual([]);
  });
});

describe('words', () => {
  it('splits identifiers into words', () => {
    expect(wordsOf('MAX_NAME_SEGMENTS')).toEqual(['max', 'name', 'segment']);
    expect(wordsOf('parseHTTPBlocks')).toEqual(['parse', 'http', 'block']);
  });

  it('are one for each thing, and the field’s own', () => {
    const wrong = sources.flatMap((file) => {
      return [...file.code.matchAll(/[A-Za-z_$][\w$]*/g)]
        .filter((match) => isNotOurs(match[0], file))
        .map((match) => {
          const lineNumber = file.code.slice(0, match.index).split('\n').length;
          return `${file.path}:${lineNumber}: ${match[0]}`;
        });
    });
    expect(wrong).toEqual([]);
  });
});

describe('exports', () => {
  it('are named, but for the command files that oclif loads', () => {
    const isCommand = (file: SourceFile) => /^apps\/[^/]+\/src\/commands\//.test(file.path);
    expect(code(/\bexport default\b/, (file) => !isCommand(file))).toEqual([]);
  });

  it('are listed one by one', () => {
    expect(code(/\bexport \*/)).toEqual([]);
  });
});

describe('nothing is left for later or silenced', () => {
  const comments = (pattern: RegExp) => {
    return sources.flatMap((file) => placesOf(file, file.text, pattern));
  };

  it('has no notes to ourselves', () => {
    const notes = [
      spelled('TO', 'DO'),
      spelled('FIX', 'ME'),
      spelled('X', 'XX'),
      spelled('HA', 'CK'),
    ];
    expect(comments(new RegExp(`\\b(${notes.join('|')})\\b`))).toEqual([]);
  });

  it('has no comments that silence a checker', () => {
    const silencers = [
      'eslint-dis' + 'able',
      '@ts-ig' + 'nore',
      '@ts-no' + 'check',
      '@ts-ex' + 'pect',
    ];
    expect(comments(new RegExp(silencers.join('|')))).toEqual([]);
  });

  it('has no test that is left out, or that leaves others out', () => {
    expect(code(/\b(it|test|describe|suite)(\.\w+)*\.(skip|only|todo|fails)\b/)).toEqual([]);
    expect(code(/\b(xit|xdescribe|xtest|fit|fdescribe)\(/)).toEqual([]);
  });

  it('has no value of any type', () => {
    expect(code(/(\bas|[:<|&])\s*any\b(?!\s*\()/)).toEqual([]);
  });

  it('has no mocks', () => {
    expect(code(/\b(vi|jest)\.(mock|fn|spyOn|doMock)\b/)).toEqual([]);
  });
});

describe('what is committed', () => {
  it('names no place on one machine', () => {
    const places = /(?<![\w.~/-])\/(work|root|home|Users)\/[\w.-]+/;
    expect(files.flatMap((file) => placesOf(file, file.text, places))).toEqual([]);
  });

  it('names no package registry', () => {
    const lockFile = files.find((file) => file.path === 'package-lock.json');
    expect(lockFile?.text.includes('"resolved": "http')).toBe(false);
    const hosts = /https?:\/\/[\w.-]*(registry|artifactory|nexus|verdaccio)[\w.-]*/;
    expect(files.flatMap((file) => placesOf(file, file.text, hosts))).toEqual([]);
  });
});
