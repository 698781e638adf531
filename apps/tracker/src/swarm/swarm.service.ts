import { Inject, Injectable } from '@nestjs/common';
import type {
  ChunkRegisterReply,
  ChunkRegisterRequest,
  FileRef,
  FileResult,
  LocationsReply,
  LocationsRequest,
  LocationsResult,
} from '#protocol';
import { FileCatalogue, fileNotFound } from '../files/file-catalogue.service.js';
import { PeersService } from '../peers/peers.service.js';
import { toFileRefusal } from '../rpc/file-refusal.js';
import { ReplyBudget } from '../rpc/reply-budget.js';
import type { Sql } from '../store/sql.js';
import { READER, WRITE_QUEUE } from '../store/store.tokens.js';
import type { WriteQueue } from '../store/write-queue.js';
import { FileSummaries } from './file-summaries.service.js';
import { HandoutService } from './handout.service.js';
import { OwnershipService } from './ownership.service.js';

/** Chunk Register and File Locations. */
@Injectable()
export class SwarmService {
  constructor(
    @Inject(READER) private readonly reader: Sql,
    @Inject(WRITE_QUEUE) private readonly writes: WriteQueue,
    @Inject(PeersService) private readonly peers: PeersService,
    @Inject(FileCatalogue) private readonly catalogue: FileCatalogue,
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
  async locations(request: LocationsRequest, askerHost: string): Promise<LocationsReply> {
    const budget = new ReplyBudget();
    const files: LocationsResult[] = [];
    for (const ref of request.files) {
      const { result, isCut } = await this.locate(ref, { request, askerHost, budget });
      if (isCut && files.length > 0) break;
      files.push(result);
    }
    return { files };
  }

  private async locate(
    ref: FileRef,
    asked: { request: LocationsRequest; askerHost: string; budget: ReplyBudget },
  ): Promise<{ result: LocationsResult; isCut: boolean }> {
    const { request, askerHost, budget } = asked;
    const file = await this.catalogue.find(this.reader, ref);
    if (file === undefined) {
      const result = toFileRefusal(fileNotFound(ref));
      return { result, isCut: !budget.take(result) };
    }
    const [summary] = await this.summaries.summarise([file]);
    const count = summary!.seeders + summary!.leechers;
    const head: LocationsResult = { ok: true, file: summary!, count, locations: [] };
    if (!budget.take(head)) return { result: head, isCut: true };
    const { exclude, limit } = request;
    const wish = { fileId: file.id, askerHost, exclude, limit };
    const { locations, isCut } = await this.handouts.handOut(wish, budget);
    return { result: { ...head, locations }, isCut };
  }
}
