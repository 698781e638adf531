import { Inject, Injectable } from '@nestjs/common';
import {
  ChunkLayout,
  decodeBase64,
  encodeBase64,
  HASH_BYTES,
  MAX_HASHES_PER_MESSAGE,
  TrackerError,
  type ManifestPutReply,
  type ManifestPutRequest,
  type ManifestReply,
  type ManifestRequest,
  type ManifestResult,
} from '#protocol';
import { PeersService } from '../peers/peers.service.js';
import type { Asker } from '../rpc/asker.js';
import { toFileRefusal, toTrackerError } from '../rpc/file-refusal.js';
import type { Sql } from '../store/sql.js';
import { READER, WRITE_QUEUE } from '../store/store.tokens.js';
import type { WriteQueue } from '../store/write-queue.js';
import { FileCatalogue } from './file-catalogue.service.js';
import { ManifestStaging, type StagingOutcome } from './manifest-staging.service.js';
import { ManifestStore } from './manifest-store.service.js';
import { viewOf, type NameView } from './name-view.js';

/** Manifests in and out. */
@Injectable()
export class FilesService {
  constructor(
    @Inject(READER) private readonly reader: Sql,
    @Inject(WRITE_QUEUE) private readonly writes: WriteQueue,
    @Inject(PeersService) private readonly peers: PeersService,
    @Inject(FileCatalogue) private readonly catalogue: FileCatalogue,
    @Inject(ManifestStore) private readonly manifests: ManifestStore,
    @Inject(ManifestStaging) private readonly staging: ManifestStaging,
  ) {}

  async manifestPut(request: ManifestPutRequest): Promise<ManifestPutReply> {
    const { digest, firstChunkIndex } = request;
    const outcome: StagingOutcome = await this.writes.submit(async (sql) => {
      const peer = await this.peers.authorise(sql, request);
      try {
        const layout = ChunkLayout.forSize(request.sizeBytes);
        const hashes = decodeBase64(request.hashes);
        const page = { peerRowId: peer.id, digest, layout, firstChunkIndex, hashes };
        return await this.staging.put(sql, page);
      } catch (error) {
        throw toTrackerError(error);
      }
    });
    if (outcome === 'mismatch') {
      const message = 'the pages together do not have this digest; they were dropped';
      throw new TrackerError('INVALID_MANIFEST', message);
    }
    return { complete: outcome === 'complete' };
  }

  /** Answers as many files as MAX_HASHES_PER_MESSAGE hashes allow, the first one always. */
  async manifest(request: ManifestRequest, asker: Asker): Promise<ManifestReply> {
    const view = viewOf(asker);
    const files: ManifestResult[] = [];
    let roomCount = MAX_HASHES_PER_MESSAGE;
    for (const wanted of request.files) {
      if (roomCount === 0) break;
      const { result, hashCount } = await this.manifestPage(wanted, view, roomCount);
      files.push(result);
      roomCount -= hashCount;
    }
    return { files };
  }

  private async manifestPage(
    wanted: { digest: string; firstChunkIndex: number },
    view: NameView,
    maxCount: number,
  ): Promise<{ result: ManifestResult; hashCount: number }> {
    const { digest, firstChunkIndex } = wanted;
    try {
      const file = await this.catalogue.resolveDigest(this.reader, digest, view);
      if (firstChunkIndex > file.chunkCount) {
        throw new TrackerError('OUT_OF_RANGE', `the file has ${file.chunkCount} chunks`);
      }
      const from = { firstChunkIndex, maxCount };
      const hashes = await this.manifests.read(this.reader, file, from);
      const hashCount = hashes.length / HASH_BYTES;
      const next = firstChunkIndex + hashCount;
      const result: ManifestResult = {
        ok: true,
        sizeBytes: file.sizeBytes,
        hashes: encodeBase64(hashes),
        next: next < file.chunkCount ? next : null,
      };
      return { result, hashCount };
    } catch (error) {
      return { result: toFileRefusal(error), hashCount: 0 };
    }
  }
}
