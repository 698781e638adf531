import { Inject, Injectable } from '@nestjs/common';
import { TrackerError } from '#protocol';
import type { OutsideCommits } from '../store/outside-commits.js';
import { ReadCache } from '../store/read-cache.js';
import { toIsoTime, type Sql, type WriteSql } from '../store/sql.js';
import { OUTSIDE_COMMITS, READER } from '../store/store.tokens.js';
import { FileCatalogue } from './file-catalogue.service.js';
import { FILE_COLUMNS, type ResolvedFile } from './file-record.js';
import type { NameClaim } from './name-claim.js';
import { prefixEnd } from './name-range.js';
import { keyOf, seenBy, type NameView } from './name-view.js';
import { SharedViews } from './shared-views.service.js';

export interface NameVersion {
  readonly id: number;
  readonly fileId: number;
  readonly publishedBy: string;
  /** JSON of GroupName[]; null: every member. */
  readonly allowedGroups: string | null;
  /** 1: whoever asked may have the file by this name. */
  readonly isSeen: 0 | 1;
}

export interface NameVersionKey {
  readonly versionId: number;
}

/** Of what is kept, in bytes or so; each entry counts as some more. */
const MAX_KEPT_TOTALS_WEIGHT = 256 * 1024;
const MAX_KEPT_NAMES_WEIGHT = 2 * 1024 * 1024;
const MAX_KEPT_PAGES_WEIGHT = 2 * 1024 * 1024;
const ENTRY_WEIGHT = 96;
const ID_WEIGHT = 8;

const VERSION_COLUMNS = `n.id, n.file_id AS fileId, n.published_by AS publishedBy,
  n.allowed_groups AS allowedGroups`;

/** Which name points at which file, and what it pointed at before. */
@Injectable()
export class NameBook {
  // All are forgotten with each change of a name.
  private readonly totals = new ReadCache<string, number>({
    maxWeight: MAX_KEPT_TOTALS_WEIGHT,
    weightOf: (_, prefix) => ENTRY_WEIGHT + prefix.length,
  });
  private readonly currentIds = new ReadCache<string, number>({
    maxWeight: MAX_KEPT_NAMES_WEIGHT,
    weightOf: (_, name) => ENTRY_WEIGHT + name.length,
  });
  private readonly pages = new ReadCache<string, readonly number[]>({
    maxWeight: MAX_KEPT_PAGES_WEIGHT,
    weightOf: (ids, key) => ENTRY_WEIGHT + key.length + ID_WEIGHT * ids.length,
  });

  private readonly forgottenListeners: (() => void)[] = [];
  private readonly restrictedListeners: (() => void)[] = [];

  constructor(
    @Inject(READER) private readonly reader: Sql,
    @Inject(FileCatalogue) private readonly catalogue: FileCatalogue,
    @Inject(SharedViews) private readonly views: SharedViews,
    @Inject(OUTSIDE_COMMITS) outside: OutsideCommits,
  ) {
    outside.whenNoticed(() => this.namesChanged());
  }

  /** When ended versions are gone, and that is committed: their keys may be used again. */
  whenForgotten(listener: () => void): void {
    this.forgottenListeners.push(listener);
  }

  /** When a file is for some only, and that is committed. */
  whenRestricted(listener: () => void): void {
    this.restrictedListeners.push(listener);
  }

  /** Also one that is not seen. */
  current(sql: Sql, name: string, view: NameView): Promise<NameVersion | undefined> {
    const seen = seenBy(view);
    return sql.first<NameVersion>(
      `SELECT ${VERSION_COLUMNS}, ${seen.sql} AS isSeen
        FROM name_versions n WHERE n.name = ? AND n.ended_at IS NULL`,
      [...seen.parameters, name],
    );
  }

  /** The key of a name's current version. */
  async currentId(name: string, view: NameView): Promise<number | undefined> {
    const key = keyOf(view) + name;
    const kept = this.currentIds.get(key);
    if (kept !== undefined) return kept;
    const found = await this.currentIds.fill(async () => {
      const seen = seenBy(view);
      const ids = await this.reader.column<number>(
        `SELECT n.id FROM name_versions n
          WHERE n.name = ? AND n.ended_at IS NULL AND ${seen.sql}`,
        [name, ...seen.parameters],
      );
      return ids.map((id) => [key, id]);
    });
    return found[0]?.[1];
  }

  /** How many current names begin with a prefix. */
  async countUnder(prefix: string, view: NameView): Promise<number> {
    const key = keyOf(view) + prefix;
    const kept = this.totals.get(key);
    if (kept !== undefined) return kept;
    const [found] = await this.totals.fill(async () => {
      const seen = seenBy(view);
      const [total] = await this.reader.column<number>(
        `SELECT COUNT(*) FROM name_versions n
          WHERE n.ended_at IS NULL AND n.name >= ? AND n.name < ? AND ${seen.sql}`,
        [...range(prefix), ...seen.parameters],
      );
      return [[key, total!]];
    });
    return found![1];
  }

  /** Keys of current names under a prefix and after a name, in the order of code points. */
  async page(
    wanted: { prefix: string; after: string; limit: number },
    view: NameView,
  ): Promise<readonly number[]> {
    const { prefix, after, limit } = wanted;
    const key = `${keyOf(view)}${limit}/${prefix.length}/${prefix}${after}`;
    const kept = this.pages.get(key);
    if (kept !== undefined) return kept;
    const [found] = await this.pages.fill(async () => {
      const seen = seenBy(view);
      const ids = await this.reader.column<number>(
        `SELECT n.id FROM name_versions n
          WHERE n.ended_at IS NULL AND n.name >= ? AND n.name < ? AND n.name > ? AND ${seen.sql}
          ORDER BY n.name LIMIT ?`,
        [...range(prefix), after, ...seen.parameters, limit],
      );
      return [[key, ids]];
    });
    return found![1];
  }

  /** What versions of names point at, in any order. */
  readVersions(ids: readonly number[]): Promise<(ResolvedFile & NameVersionKey)[]> {
    return this.reader.all<ResolvedFile & NameVersionKey>(
      `SELECT ${FILE_COLUMNS}, n.created_at AS createdAt, n.name, n.id AS versionId
        FROM name_versions n JOIN files f ON f.id = n.file_id
        WHERE n.id IN (SELECT value FROM json_each(?))`,
      [JSON.stringify(ids)],
    );
  }

  /** Makes, moves or keeps the name as `naming` says; the caller has seen to who may. A new version is
   *  for whom the one before was, unless the claim says otherwise. Throws NAME_TAKEN. */
  async claim(sql: WriteSql, current: NameVersion | undefined, claim: NameClaim): Promise<void> {
    const { name, fileId, identity, naming } = claim;
    if (current !== undefined && naming === 'publish' && current.fileId !== fileId) {
      throw nameTaken(name);
    }
    if (current?.fileId === fileId) {
      if (naming !== 'keep') await this.allow(sql, current, claim);
      return;
    }
    if (naming === 'keep' && (await this.wasEver(sql, name))) return;
    if (current !== undefined) await this.end(sql, current, 'replaced');
    const { allowedGroups = current?.allowedGroups ?? null } = claim;
    await sql.run(
      `INSERT INTO name_versions (name, file_id, published_by, created_at, allowed_groups)
        VALUES (?, ?, ?, ?, ?)`,
      [name, fileId, identity, toIsoTime(Date.now()), allowedGroups],
    );
    sql.afterCommit(() => this.namesChanged());
    await this.restricted(sql, allowedGroups, claim);
  }

  /** The same version, for others. */
  private async allow(sql: WriteSql, current: NameVersion, claim: NameClaim): Promise<void> {
    const { allowedGroups } = claim;
    if (allowedGroups === undefined || allowedGroups === current.allowedGroups) return;
    await sql.run('UPDATE name_versions SET allowed_groups = ? WHERE id = ?', [
      allowedGroups,
      current.id,
    ]);
    sql.afterCommit(() => this.namesChanged());
    await this.restricted(sql, allowedGroups, { ...claim, identity: current.publishedBy });
  }

  private async restricted(
    sql: WriteSql,
    allowedGroups: string | null,
    { fileId, identity }: NameClaim,
  ): Promise<void> {
    if (allowedGroups === null) return;
    await this.catalogue.restrict(sql, fileId);
    const groups = JSON.parse(allowedGroups) as string[];
    this.views.restricted(sql, { groups, publisher: identity });
    sql.afterCommit(() => {
      for (const listener of this.restrictedListeners) listener();
    });
  }

  async end(sql: WriteSql, version: NameVersion, why: 'replaced' | 'purged'): Promise<void> {
    await sql.run('UPDATE name_versions SET ended_at = ?, ended_by = ? WHERE id = ?', [
      toIsoTime(Date.now()),
      why,
      version.id,
    ]);
    sql.afterCommit(() => this.namesChanged());
  }

  /** Of these versions, those that ended before a time are as if they never were. Returns how many. */
  async forget(sql: WriteSql, ids: readonly number[], before: string): Promise<number> {
    sql.afterCommit(() => {
      for (const listener of this.forgottenListeners) listener();
    });
    return sql.run(
      'DELETE FROM name_versions WHERE id IN (SELECT value FROM json_each(?)) AND ended_at < ?',
      [JSON.stringify(ids), before],
    );
  }

  /** The file a name that is no more pointed at last: what makes a purge repeatable. */
  async last(sql: Sql, name: string, view: NameView): Promise<NameVersion | undefined> {
    const seen = seenBy(view);
    return sql.first<NameVersion>(
      `SELECT ${VERSION_COLUMNS}, ${seen.sql} AS isSeen
        FROM name_versions n WHERE n.name = ? ORDER BY n.id DESC LIMIT 1`,
      [...seen.parameters, name],
    );
  }

  private namesChanged(): void {
    this.totals.clear();
    this.currentIds.clear();
    this.pages.clear();
  }

  private async wasEver(sql: Sql, name: string): Promise<boolean> {
    const row = await sql.first('SELECT 1 FROM name_versions WHERE name = ? LIMIT 1', [name]);
    return row !== undefined;
  }
}

/** No name reaches this far: it is after every name, as the upper end of the empty prefix. */
const AFTER_ALL_NAMES = '\u{10ffff}\u{10ffff}';

function range(prefix: string): [string, string] {
  return [prefix, prefixEnd(prefix) ?? AFTER_ALL_NAMES];
}

export function nameTaken(name: string): TrackerError {
  const message = `the name ${JSON.stringify(name)} is taken by other content`;
  return new TrackerError('NAME_TAKEN', message);
}
