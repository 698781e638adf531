import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import {
  ChunkLayout,
  HASH_BYTES,
  ManifestDigest,
  MAX_CHUNK_COUNT,
  MAX_HASHES_PER_MESSAGE,
  TrackerError,
} from '#protocol';
import { LeaseSweepService } from '../peers/lease-sweep.service.js';
import { PeersService } from '../peers/peers.service.js';
import { toIsoTime, type Sql } from '../store/sql.js';
import { WRITE_QUEUE } from '../store/store.tokens.js';
import type { WriteQueue } from '../store/write-queue.js';
import { FileCatalogue } from './file-catalogue.service.js';
import { pageHashCount } from './manifest-store.service.js';

/** What one peer may have staged: two manifests of the largest size. */
export const MAX_STAGED_BYTES_PER_PEER = 2 * MAX_CHUNK_COUNT * HASH_BYTES;
/** Pages that never became a manifest are dropped after this time. */
export const STAGED_PAGE_RETENTION_MS = 60 * 60_000;

/** 256 KiB each: what one write removes. */
const MAX_PRUNED_PAGES_PER_WRITE = 16;

export interface StagedPage {
  readonly peerRowId: number;
  readonly digest: string;
  readonly layout: ChunkLayout;
  readonly firstChunkIndex: number;
  readonly hashes: Uint8Array;
}

export type StagingOutcome = 'waiting' | 'complete' | 'mismatch';

/** Manifests too large for one message arrive here, page by page, in any order. */
@Injectable()
export class ManifestStaging implements OnModuleInit {
  constructor(
    @Inject(FileCatalogue) private readonly catalogue: FileCatalogue,
    @Inject(WRITE_QUEUE) private readonly writes: WriteQueue,
    @Inject(LeaseSweepService) private readonly sweep: LeaseSweepService,
    @Inject(PeersService) private readonly peers: PeersService,
  ) {}

  onModuleInit(): void {
    this.sweep.whenSweeping((nowMs, signal) =>
      this.prune(toIsoTime(nowMs - STAGED_PAGE_RETENTION_MS), signal),
    );
    this.peers.whenPruning((sql, peerRowIds) =>
      sql.run(
        `DELETE FROM staged_manifest_pages WHERE id IN (SELECT id FROM staged_manifest_pages
          WHERE peer_id IN (SELECT value FROM json_each(?)) LIMIT ?)`,
        [JSON.stringify(peerRowIds), MAX_PRUNED_PAGES_PER_WRITE],
      ),
    );
  }

  /** Keeps a page; with the last one the file becomes known. A mismatch drops the pages: the caller
   *  must not throw them back with a refusal before that is committed. */
  async put(sql: Sql, page: StagedPage): Promise<StagingOutcome> {
    checkShape(page);
    if ((await this.catalogue.findByDigest(sql, page.digest)) !== undefined) return 'complete';
    await this.checkRoom(sql, page);
    await sql.run(
      `INSERT INTO staged_manifest_pages
        (peer_id, digest, size_bytes, first_chunk_index, hashes, staged_at)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (peer_id, digest, size_bytes, first_chunk_index)
        DO UPDATE SET hashes = excluded.hashes, staged_at = excluded.staged_at`,
      [...keyOf(page), page.firstChunkIndex, page.hashes, toIsoTime(Date.now())],
    );
    const pages = await sql.all<{ id: number }>(
      `SELECT id FROM staged_manifest_pages
        WHERE peer_id = ? AND digest = ? AND size_bytes = ? ORDER BY first_chunk_index`,
      keyOf(page),
    );
    const pageCount = Math.ceil(page.layout.chunkCount / MAX_HASHES_PER_MESSAGE);
    if (pages.length < pageCount) return 'waiting';
    const actual = await this.digestOf(sql, page.layout, pages);
    if (actual === page.digest) await this.promote(sql, page);
    await sql.run('DELETE FROM staged_manifest_pages WHERE peer_id = ? AND digest = ?', [
      page.peerRowId,
      page.digest,
    ]);
    return actual === page.digest ? 'complete' : 'mismatch';
  }

  private async digestOf(
    sql: Sql,
    layout: ChunkLayout,
    pages: readonly { id: number }[],
  ): Promise<string> {
    const digest = new ManifestDigest(layout);
    for (const { id } of pages) {
      const row = await sql.first<{ hashes: Uint8Array }>(
        'SELECT hashes FROM staged_manifest_pages WHERE id = ?',
        [id],
      );
      digest.update(row!.hashes);
    }
    return digest.digest();
  }

  private async promote(sql: Sql, page: StagedPage): Promise<void> {
    const file = await this.catalogue.insert(sql, page);
    await sql.run(
      `INSERT INTO manifest_pages (file_id, first_chunk_index, hashes)
        SELECT ?, first_chunk_index, hashes FROM staged_manifest_pages
        WHERE peer_id = ? AND digest = ? AND size_bytes = ?`,
      [file.id, ...keyOf(page)],
    );
  }

  private async checkRoom(sql: Sql, page: StagedPage): Promise<void> {
    const row = await sql.first<{ stagedBytes: number }>(
      `SELECT COALESCE(SUM(length(hashes)), 0) AS stagedBytes
        FROM staged_manifest_pages WHERE peer_id = ?`,
      [page.peerRowId],
    );
    if (row!.stagedBytes + page.hashes.length <= MAX_STAGED_BYTES_PER_PEER) return;
    const message = 'too many manifests of this peer are incomplete; finish one first';
    throw new TrackerError('TOO_MANY_FILES', message);
  }

  private async prune(before: string, signal: AbortSignal): Promise<void> {
    let prunedCount = MAX_PRUNED_PAGES_PER_WRITE;
    while (prunedCount === MAX_PRUNED_PAGES_PER_WRITE && !signal.aborted) {
      prunedCount = await this.writes.submit((sql) =>
        sql.run(
          `DELETE FROM staged_manifest_pages WHERE id IN
            (SELECT id FROM staged_manifest_pages WHERE staged_at < ? LIMIT ?)`,
          [before, MAX_PRUNED_PAGES_PER_WRITE],
        ),
      );
    }
  }
}

function keyOf(page: StagedPage): [number, string, number] {
  return [page.peerRowId, page.digest, page.layout.sizeBytes];
}

function checkShape({ layout, firstChunkIndex, hashes }: StagedPage): void {
  const isPage = firstChunkIndex % MAX_HASHES_PER_MESSAGE === 0;
  if (!isPage || firstChunkIndex >= layout.chunkCount) {
    throw new TrackerError('OUT_OF_RANGE', `no page begins at chunk ${firstChunkIndex}`);
  }
  const expectedCount = pageHashCount(firstChunkIndex, layout.chunkCount);
  if (hashes.length !== expectedCount * HASH_BYTES) {
    throw new TrackerError('INVALID_MANIFEST', `this page has ${expectedCount} hashes`);
  }
}
