import { Inject, Injectable } from '@nestjs/common';
import { parsePrefix, type FileSummary, type ListReply, type ListRequest } from '#protocol';
import { NameBook } from '../files/name-book.service.js';
import { toTrackerError } from '../rpc/file-refusal.js';
import { ReplyBudget } from '../rpc/reply-budget.js';
import type { Sql } from '../store/sql.js';
import { READER } from '../store/store.tokens.js';
import { FileSummaries } from '../swarm/file-summaries.service.js';

/** The File List. */
@Injectable()
export class ListingService {
  constructor(
    @Inject(READER) private readonly reader: Sql,
    @Inject(NameBook) private readonly names: NameBook,
    @Inject(FileSummaries) private readonly summaries: FileSummaries,
  ) {}

  /** A page in the order of names; shorter than asked for when the message would grow too large.
   *  Throws INVALID_NAME for a prefix that no name can have. */
  async list(request: ListRequest): Promise<ListReply> {
    const prefix = checkedPrefix(request.prefix);
    const { limit } = request;
    const after = request.after ?? '';
    const total = await this.names.countUnder(this.reader, prefix);
    const page = await this.names.page(this.reader, { prefix, after, limit });
    const files: FileSummary[] = [];
    const budget = new ReplyBudget();
    for (const summary of await this.summaries.summarise(page)) {
      if (!budget.take(summary)) break;
      files.push(summary);
    }
    const isLast = files.length === page.length && page.length < limit;
    return { total, files, next: isLast ? null : files.at(-1)!.name };
  }
}

function checkedPrefix(prefix: string): string {
  try {
    return parsePrefix(prefix);
  } catch (error) {
    throw toTrackerError(error);
  }
}
