import { Inject, Injectable } from '@nestjs/common';
import { encodeBase64, type FileSummary } from '#protocol';
import type { ResolvedFile } from '../files/file-record.js';
import { ManifestStore } from '../files/manifest-store.service.js';
import type { Sql } from '../store/sql.js';
import { READER } from '../store/store.tokens.js';
import { SwarmCensus } from './swarm-census.service.js';

/** Files as peers are told about them. */
@Injectable()
export class FileSummaries {
  constructor(
    @Inject(READER) private readonly reader: Sql,
    @Inject(ManifestStore) private readonly manifests: ManifestStore,
    @Inject(SwarmCensus) private readonly census: SwarmCensus,
  ) {}

  /** In the same order. The hash of a one-chunk file is part of it. */
  async summarise(files: readonly ResolvedFile[]): Promise<FileSummary[]> {
    const fileIds = files.map(({ id }) => id);
    const counts = await this.census.countAll(this.reader, fileIds);
    const oneChunkIds = files.filter(({ chunkCount }) => chunkCount === 1).map(({ id }) => id);
    const hashes = await this.manifests.readOnlyHashes(this.reader, oneChunkIds);
    return files.map(({ id, ...file }) => {
      const hash = hashes.get(id);
      return {
        name: file.name,
        digest: file.digest,
        sizeBytes: file.sizeBytes,
        chunkBytes: file.chunkBytes,
        chunkCount: file.chunkCount,
        seeders: counts.get(id)?.seeders ?? 0,
        leechers: counts.get(id)?.leechers ?? 0,
        createdAt: file.createdAt,
        ...(hash === undefined ? {} : { hash: encodeBase64(hash) }),
      };
    });
  }
}
