import { Inject, Injectable } from '@nestjs/common';
import {
  isDigest,
  type ChunkRegisterReply,
  type ChunkRegisterRequest,
  type FileRef,
  type FileResult,
  type LocationsReply,
  type LocationsRequest,
} from '#protocol';
import { FileCatalogue, fileNotFound } from '../files/file-catalogue.service.js';
import { NameBook } from '../files/name-book.service.js';
import { viewOf } from '../files/name-view.js';
import { SharedViews } from '../files/shared-views.service.js';
import { Grants } from '../membership/grants.service.js';
import { PeersService } from '../peers/peers.service.js';
import type { Asker } from '../rpc/asker.js';
import { toFileRefusal } from '../rpc/file-refusal.js';
import { RenderedReply } from '../rpc/rendered-reply.js';
import { ReplyBudget } from '../rpc/reply-budget.js';
import type { OutsideCommits } from '../store/outside-commits.js';
import type { Sql } from '../store/sql.js';
import { OUTSIDE_COMMITS, READER, WRITE_QUEUE } from '../store/store.tokens.js';
import type { WriteQueue } from '../store/write-queue.js';
import { FileSummaries, type RenderedSummary } from './file-summaries.service.js';
import { HandoutService } from './handout.service.js';
import { OwnershipService } from './ownership.service.js';

/** Chunk Register and File Locations. */
@Injectable()
export class SwarmService {
  constructor(
    @Inject(READER) private readonly reader: Sql,
    @Inject(WRITE_QUEUE) private readonly writes: WriteQueue,
    @Inject(PeersService) private readonly peers: PeersService,
    @Inject(OUTSIDE_COMMITS) private readonly outside: OutsideCommits,
    @Inject(FileCatalogue) private readonly catalogue: FileCatalogue,
    @Inject(NameBook) private readonly names: NameBook,
    @Inject(SharedViews) private readonly views: SharedViews,
    @Inject(Grants) private readonly grants: Grants,
    @Inject(OwnershipService) private readonly ownership: OwnershipService,
    @Inject(FileSummaries) private readonly summaries: FileSummaries,
    @Inject(HandoutService) private readonly handouts: HandoutService,
  ) {}

  registerChunks(request: ChunkRegisterRequest): Promise<ChunkRegisterReply> {
    return this.writes.submit(async (sql) => {
      const peer = await this.peers.authorise(sql, request);
      const results: FileResult[] = [];
      for (const change of request.files) {
        try {
          await this.ownership.add(sql, peer, change);
          results.push({ ok: true });
        } catch (error) {
          results.push(toFileRefusal(error));
        }
      }
      return { results };
    });
  }

  /** Answers as many files as one message holds; the first one always, with the locations that fit. */
  async locations(
    request: LocationsRequest,
    from: { asker: Asker; askerHost: string },
  ): Promise<RenderedReply<LocationsReply>> {
    this.outside.check();
    const budget = new ReplyBudget();
    const files: string[] = [];
    for (const ref of request.files) {
      const { json, isCut } = await this.locate(ref, { ...from, request, budget });
      if (isCut && files.length > 0) break;
      files.push(json);
    }
    return new RenderedReply(`{"files":[${files.join(',')}]}`);
  }

  /** LocationsResult as JSON. */
  private async locate(
    ref: FileRef,
    asked: { request: LocationsRequest; asker: Asker; askerHost: string; budget: ReplyBudget },
  ): Promise<{ json: string; isCut: boolean }> {
    const { request, asker, askerHost, budget } = asked;
    const summary = await this.summarise(ref, asker);
    if (summary === undefined) {
      const json = JSON.stringify(toFileRefusal(fileNotFound(ref)));
      return { json, isCut: !budget.takeJson(json) };
    }
    const grant = await this.grants.renderFor(asker, summary.file);
    const head = `{"ok":true,"file":${summary.json},"count":${summary.count},${grant}"locations":`;
    const empty = `${head}[]}`;
    if (!budget.takeJson(empty)) return { json: empty, isCut: true };
    const { exclude, limit } = request;
    const { id: fileId, chunkCount } = summary.file;
    const wish = { fileId, chunkCount, askerHost, exclude, limit };
    const { json, isCut } = await this.handouts.handOut(wish, budget);
    return { json: `${head}${json}}`, isCut };
  }

  private async summarise(ref: FileRef, asker: Asker): Promise<RenderedSummary | undefined> {
    if (isDigest(ref)) {
      const file = await this.catalogue.find(this.reader, ref, viewOf(asker));
      return file && this.summaries.ofFile(file);
    }
    const view = await this.views.of(asker);
    const versionId = await this.names.currentId(ref.normalize('NFC'), view);
    if (versionId === undefined) return undefined;
    const [summary] = await this.summaries.ofVersions([versionId]);
    return summary;
  }
}
