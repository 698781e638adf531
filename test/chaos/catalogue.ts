import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hashFile, writeSample } from '../support/sample-content.js';

/** One file of the network, and the SHA-256 of what it must be wherever it is finished. */
export interface CatalogueFile {
  readonly name: string;
  readonly sha256: string;
}

const LARGE_BYTES = [300_000, 262_144, 1_500_000, 4_200_000, 6_000_000];
const SMALL_COUNT = 12;

/** Writes what one publisher shares into its working folder: a few large files, and a folder. */
export async function writeCatalogue(
  publisher: number,
  pathOf: (name: string) => string,
): Promise<CatalogueFile[]> {
  const large = LARGE_BYTES.map((sizeBytes, index) => ({
    name: `p${publisher}-${index}.bin`,
    sizeBytes,
  }));
  const small = Array.from({ length: SMALL_COUNT }, (_, index) => ({
    name: join(`small${publisher}`, `${index}.txt`),
    sizeBytes: index * 700 + publisher, // no two of the same content
  }));
  const files: CatalogueFile[] = [];
  for (const [index, { name, sizeBytes }] of [...large, ...small].entries()) {
    const path = pathOf(name);
    await mkdir(dirname(path), { recursive: true });
    await writeSample(path, sizeBytes, publisher * 1_000 + index);
    files.push({ name, sha256: await hashFile(path) });
  }
  return files;
}
