import { Inject, Injectable } from '@nestjs/common';
import { parsePrefix, type ListReply, type ListRequest } from '#protocol';
import { NameBook } from '../files/name-book.service.js';
import { SharedViews } from '../files/shared-views.service.js';
import type { Asker } from '../rpc/asker.js';
import { toTrackerError } from '../rpc/file-refusal.js';
import { RenderedReply } from '../rpc/rendered-reply.js';
import { ReplyBudget } from '../rpc/reply-budget.js';
import type { OutsideCommits } from '../store/outside-commits.js';
import { OUTSIDE_COMMITS } from '../store/store.tokens.js';
import { FileSummaries } from '../swarm/file-summaries.service.js';

/** The File List. */
@Injectable()
export class ListingService {
  constructor(
    @Inject(OUTSIDE_COMMITS) private readonly outside: OutsideCommits,
    @Inject(NameBook) private readonly names: NameBook,
    @Inject(SharedViews) private readonly views: SharedViews,
    @Inject(FileSummaries) private readonly summaries: FileSummaries,
  ) {}

  /** A page in the order of names; shorter than asked for when the message would grow too large.
   *  Throws INVALID_NAME for a prefix that no name can have. */
  async list(request: ListRequest, asker: Asker): Promise<RenderedReply<ListReply>> {
    const prefix = checkedPrefix(request.prefix);
    this.outside.check();
    const view = await this.views.of(asker);
    const { limit } = request;
    const after = request.after ?? '';
    const total = await this.names.countUnder(prefix, view);
    const page = await this.names.page({ prefix, after, limit }, view);
    const summaries = await this.summaries.ofVersions(page);
    const budget = new ReplyBudget();
    const fitting = summaries.findIndex(({ json }) => !budget.takeJson(json));
    const files = fitting === -1 ? summaries : summaries.slice(0, fitting);
    const isLast = files.length === page.length && page.length < limit;
    const next = isLast ? null : files.at(-1)!.file.name;
    const json = files.map((file) => file.json).join(',');
    return new RenderedReply(`{"total":${total},"files":[${json}],"next":${JSON.stringify(next)}}`);
  }
}

function checkedPrefix(prefix: string): string {
  try {
    return parsePrefix(prefix);
  } catch (error) {
    throw toTrackerError(error);
  }
}
