import { Inject, Injectable } from '@nestjs/common';
import type { Asker } from '../rpc/asker.js';
import type { OutsideCommits } from '../store/outside-commits.js';
import { ReadCache } from '../store/read-cache.js';
import type { Sql, WriteSql } from '../store/sql.js';
import { OUTSIDE_COMMITS, READER } from '../store/store.tokens.js';
import { OPEN_VIEW, type NameView } from './name-view.js';

/** For whom names are restricted, and who has published such. They only grow: too many cost a little. */
interface Restrictions {
  readonly groups: Set<string>;
  readonly publishers: Set<string>;
}

const ALL = 'all';

/**
 * Views that many members share, so that what was read for one is kept for all who see the same: of
 * their groups only those for which there are names, of their identities only those of publishers of
 * restricted names. What is read by such a view is what that view sees, whenever it was made: an old
 * one shows too little at most.
 */
@Injectable()
export class SharedViews {
  private readonly restrictions = new ReadCache<typeof ALL, Restrictions>({
    maxWeight: 1,
    weightOf: () => 1,
  });

  constructor(
    @Inject(READER) private readonly reader: Sql,
    @Inject(OUTSIDE_COMMITS) outside: OutsideCommits,
  ) {
    outside.whenNoticed(() => this.restrictions.clear());
  }

  async of({ identity, groups }: Asker): Promise<NameView> {
    const known = this.restrictions.get(ALL) ?? (await this.read());
    const isPublisher = identity !== undefined && known.publishers.has(identity);
    const used = groups.filter((group) => known.groups.has(group));
    if (!isPublisher && used.length === 0) return OPEN_VIEW;
    return { identity: isPublisher ? identity : '', groups: used };
  }

  /** A name is restricted by a write: told of it when that is committed. */
  restricted(sql: WriteSql, by: { groups: readonly string[]; publisher: string }): void {
    sql.afterCommit(() =>
      this.restrictions.change(ALL, ({ groups, publishers }) => {
        for (const group of by.groups) groups.add(group);
        publishers.add(by.publisher);
      }),
    );
  }

  private async read(): Promise<Restrictions> {
    const [found] = await this.restrictions.fill(async () => {
      const where = 'FROM name_versions WHERE ended_at IS NULL AND allowed_groups IS NOT NULL';
      const lists = await this.reader.column<string>(`SELECT DISTINCT allowed_groups ${where}`);
      const publishers = await this.reader.column<string>(`SELECT DISTINCT published_by ${where}`);
      const groups = new Set(lists.flatMap((json) => JSON.parse(json) as string[]));
      return [[ALL, { groups, publishers: new Set(publishers) }]];
    });
    return found![1];
  }
}
