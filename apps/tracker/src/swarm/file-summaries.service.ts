import { Inject, Injectable } from '@nestjs/common';
import { encodeBase64 } from '#protocol';
import type { ResolvedFile } from '../files/file-record.js';
import { ManifestStore } from '../files/manifest-store.service.js';
import { NameBook } from '../files/name-book.service.js';
import type { OutsideCommits } from '../store/outside-commits.js';
import { ReadCache } from '../store/read-cache.js';
import type { Sql } from '../store/sql.js';
import { OUTSIDE_COMMITS, READER } from '../store/store.tokens.js';
import { SwarmCensus } from './swarm-census.service.js';

/** A file as peers are told about it. */
export interface RenderedSummary {
  readonly file: ResolvedFile;
  /** Online peers. */
  readonly count: number;
  /** FileSummary as JSON. */
  readonly json: string;
}

/** All of a summary but the counts, which stand between the two. */
interface Frame {
  readonly file: ResolvedFile;
  readonly before: string;
  readonly after: string;
}

const MAX_KEPT_CHARS = 4 * 1024 * 1024;
const FRAME_WEIGHT = 512;

/** Files as peers are told about them. Keeps those asked for lately: what a version of a name points
 *  at never changes. */
@Injectable()
export class FileSummaries {
  private readonly frames = new ReadCache<number, Frame>({
    maxWeight: MAX_KEPT_CHARS,
    weightOf: ({ before, after }) => FRAME_WEIGHT + before.length + after.length,
  });

  constructor(
    @Inject(READER) private readonly reader: Sql,
    @Inject(ManifestStore) private readonly manifests: ManifestStore,
    @Inject(NameBook) private readonly names: NameBook,
    @Inject(SwarmCensus) private readonly census: SwarmCensus,
    @Inject(OUTSIDE_COMMITS) outside: OutsideCommits,
  ) {
    outside.whenNoticed(() => this.frames.clear());
    // Keys of forgotten versions may be used again, and not without a file of theirs.
    names.whenForgotten(() => this.frames.clear());
    names.whenRestricted(() => this.frames.clear());
  }

  /** Of versions of names, in the same order. */
  async ofVersions(versionIds: readonly number[]): Promise<RenderedSummary[]> {
    const frames = versionIds.map((id) => this.frames.get(id));
    if (!frames.includes(undefined)) return this.count(frames as Frame[]);
    const missing = versionIds.filter((_, index) => frames[index] === undefined);
    const found = new Map(await this.frames.fill(() => this.readVersions(missing)));
    return this.count(frames.map((frame, index) => frame ?? found.get(versionIds[index]!)!));
  }

  async ofFile(file: ResolvedFile): Promise<RenderedSummary> {
    const [summary] = await this.count(await this.frame([file]));
    return summary!;
  }

  private async count(frames: readonly Frame[]): Promise<RenderedSummary[]> {
    const counts = await this.census.countAll(frames.map(({ file }) => file.id));
    return frames.map(({ file, before, after }, index) => {
      const { seeders, leechers } = counts[index]!;
      const json = `${before}"seeders":${seeders},"leechers":${leechers},${after}`;
      return { file, count: seeders + leechers, json };
    });
  }

  private async readVersions(versionIds: readonly number[]): Promise<[number, Frame][]> {
    const versions = await this.names.readVersions(versionIds);
    const frames = await this.frame(versions);
    return versions.map(({ versionId }, index) => [versionId, frames[index]!]);
  }

  /** The hash of a one-chunk file is part of its summary. */
  private async frame(files: readonly ResolvedFile[]): Promise<Frame[]> {
    const oneChunkIds = files.filter(({ chunkCount }) => chunkCount === 1).map(({ id }) => id);
    const hashes = await this.manifests.readOnlyHashes(this.reader, oneChunkIds);
    return files.map((file) => {
      const { name, digest, sizeBytes, chunkBytes, chunkCount, createdAt } = file;
      const hash = hashes.get(file.id);
      const before = JSON.stringify({ name, digest, sizeBytes, chunkBytes, chunkCount });
      const after = { createdAt, ...(hash === undefined ? {} : { hash: encodeBase64(hash) }) };
      return {
        file,
        before: `${before.slice(0, -1)},`,
        after: JSON.stringify(after).slice(1),
      };
    });
  }
}
