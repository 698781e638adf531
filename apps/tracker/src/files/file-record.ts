import type { ChunkLayout } from '#protocol';

/** A file the tracker knows, whatever it is called. */
export interface FileRecord {
  /** Key of its row. */
  readonly id: number;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly chunkBytes: number;
  readonly chunkCount: number;
  /** 1: a name of it was restricted once, so it may be for some only. */
  readonly everRestricted: 0 | 1;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

/** A file as it was asked for: `name` is null when it was by its digest and no name points at it. */
export interface ResolvedFile extends FileRecord {
  readonly name: string | null;
}

export interface NewFile {
  readonly digest: string;
  readonly layout: ChunkLayout;
}

export const FILE_COLUMNS = `f.id, f.digest, f.size_bytes AS sizeBytes, f.chunk_bytes AS chunkBytes,
  f.chunk_count AS chunkCount, f.restricted AS everRestricted`;
