import type { FileSummary } from '../engine/lookup/network-lookup.js';
import { formatSize } from './byte-size.js';
import { renderColumns } from './columns.js';

export interface ListData {
  readonly total: number;
  readonly files: readonly ListedFile[];
}

export type ListedFile = Omit<FileSummary, 'hash'>;

/** Chunk hashes are for programs that fetch, not for lists. */
export function toListedFile(summary: FileSummary): ListedFile {
  const { name, digest, sizeBytes, chunkBytes, chunkCount, seeders, leechers, createdAt } = summary;
  return { name, digest, sizeBytes, chunkBytes, chunkCount, seeders, leechers, createdAt };
}

export function renderList({ total, files }: ListData): string {
  if (total === 0) return '0 files';
  const header = ['NAME', 'SIZE', 'SEEDERS', 'LEECHERS'];
  const rows = files.map((file) => [
    file.name ?? file.digest,
    formatSize(file.sizeBytes),
    String(file.seeders),
    String(file.leechers),
  ]);
  return `${renderColumns([header, ...rows])}\n${total === 1 ? '1 file' : `${total} files`}`;
}
