import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSourceText, type SourceText } from './source-text.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', '.git', 'coverage']);
const TEXT_FILE = /\.(ts|js|mjs|json|md|ya?ml|sh|sql|html|css|svg)$|(^|\/)[^.]+$|\/\.[a-z]+$/;

export interface HouseFile {
  /** From the root of the checkout, with `/`. */
  readonly path: string;
  readonly text: string;
}

export interface SourceFile extends HouseFile, SourceText {
  readonly imports: readonly SourceImport[];
  readonly isSpec: boolean;
}

export interface SourceImport {
  /** As written. */
  readonly specifier: string;
  /** A path from the root for a relative import or one of the libraries, without its extension. */
  readonly target: string | undefined;
}

/** All text files of the checkout. */
export function readHouse(): HouseFile[] {
  return [...listFiles('')].map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

/** The programs' own code and what tests it. */
export function readSources(files: readonly HouseFile[]): SourceFile[] {
  return files
    .filter(({ path }) => /^(apps|libs|test|bench)\/.*\.ts$/.test(path))
    .map((file) => {
      const sourceText = readSourceText(file.text);
      return {
        ...file,
        ...sourceText,
        imports: importsOf(file.path, sourceText.uncommented),
        isSpec: /\.(e2e-)?spec\.ts$|\.e2e-spec\.ts$/.test(file.path),
      };
    });
}

/** One line for each place that breaks a rule, the way editors open it. */
export function placesOf(file: HouseFile, text: string, pattern: RegExp): string[] {
  return [...text.matchAll(new RegExp(pattern, 'gu'))].map((match) => {
    const lineNumber = text.slice(0, match.index).split('\n').length;
    return `${file.path}:${lineNumber}: ${match[0].trim()}`;
  });
}

function importsOf(path: string, uncommented: string): SourceImport[] {
  const patterns = [
    /\b(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"\n]+)['"]/g,
    /\bimport\s*['"]([^'"\n]+)['"]/g,
    /\b(?:import|require)\s*\(\s*['"]([^'"\n]+)['"]/g,
  ];
  return patterns
    .flatMap((pattern) => [...uncommented.matchAll(pattern)])
    .map((match) => ({ specifier: match[1]!, target: targetOf(path, match[1]!) }));
}

function targetOf(path: string, specifier: string): string | undefined {
  if (specifier === '#protocol') return 'libs/protocol/src/index';
  if (specifier === '#identity') return 'libs/identity/src/index';
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(path), specifier).replace(/\.(js|ts)$/, '');
}

function* listFiles(folder: string): Generator<string> {
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name).split(sep).join('/');
    if (entry.isDirectory() && !SKIPPED_FOLDERS.has(entry.name)) yield* listFiles(path);
    if (entry.isFile() && TEXT_FILE.test(`/${path}`)) yield path;
  }
}
