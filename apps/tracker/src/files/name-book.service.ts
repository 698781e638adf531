import { Inject, Injectable } from '@nestjs/common';
import { TrackerError, type RegisterFile } from '#protocol';
import type { OutsideCommits } from '../store/outside-commits.js';
import { ReadCache } from '../store/read-cache.js';
import { toIsoTime, type Sql, type WriteSql } from '../store/sql.js';
import { OUTSIDE_COMMITS, READER } from '../store/store.tokens.js';
import { FILE_COLUMNS, type ResolvedFile } from './file-record.js';
import { prefixEnd } from './name-range.js';

export interface NameVersion {
  readonly id: number;
  readonly fileId: number;
  readonly publishedBy: string;
}

export interface NameVersionKey {
  readonly versionId: number;
}

export interface NameClaim {
  readonly name: string;
  readonly fileId: number;
  readonly identity: string;
  readonly naming: RegisterFile['naming'];
}

/** Of what is kept, in bytes or so; each entry counts as some more. */
const MAX_KEPT_TOTALS_WEIGHT = 256 * 1024;
const MAX_KEPT_NAMES_WEIGHT = 2 * 1024 * 1024;
const MAX_KEPT_PAGES_WEIGHT = 2 * 1024 * 1024;
const ENTRY_WEIGHT = 96;
const ID_WEIGHT = 8;

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

  constructor(
    @Inject(READER) private readonly reader: Sql,
    @Inject(OUTSIDE_COMMITS) outside: OutsideCommits,
  ) {
    outside.whenNoticed(() => this.namesChanged());
  }

  /** When ended versions are gone, and that is committed: their keys may be used again. */
  whenForgotten(listener: () => void): void {
    this.forgottenListeners.push(listener);
  }

  current(sql: Sql, name: string): Promise<NameVersion | undefined> {
    return sql.first<NameVersion>(
      `SELECT id, file_id AS fileId, published_by AS publishedBy
        FROM name_versions WHERE name = ? AND ended_at IS NULL`,
      [name],
    );
  }

  /** The key of a name's current version. */
  async currentId(name: string): Promise<number | undefined> {
    const kept = this.currentIds.get(name);
    if (kept !== undefined) return kept;
    const found = await this.currentIds.fill(async () => {
      const ids = await this.reader.column<number>(
        'SELECT id FROM name_versions WHERE name = ? AND ended_at IS NULL',
        [name],
      );
      return ids.map((id) => [name, id]);
    });
    return found[0]?.[1];
  }

  /** How many current names begin with a prefix. */
  async countUnder(prefix: string): Promise<number> {
    const kept = this.totals.get(prefix);
    if (kept !== undefined) return kept;
    const [found] = await this.totals.fill(async () => {
      const [total] = await this.reader.column<number>(
        `SELECT COUNT(*) FROM name_versions
          WHERE ended_at IS NULL AND name >= ? AND name < ?`,
        range(prefix),
      );
      return [[prefix, total!]];
    });
    return found![1];
  }

  /** Keys of current names under a prefix and after a name, in the order of code points. */
  async page(wanted: { prefix: string; after: string; limit: number }): Promise<readonly number[]> {
    const { prefix, after, limit } = wanted;
    const key = `${limit}/${prefix.length}/${prefix}${after}`;
    const kept = this.pages.get(key);
    if (kept !== undefined) return kept;
    const [found] = await this.pages.fill(async () => {
      const ids = await this.reader.column<number>(
        `SELECT id FROM name_versions
          WHERE ended_at IS NULL AND name >= ? AND name < ? AND name > ?
          ORDER BY name LIMIT ?`,
        [...range(prefix), after, limit],
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

  /** Makes, moves or keeps the name as `naming` says. Throws NAME_TAKEN. */
  async claim(sql: WriteSql, claim: NameClaim): Promise<void> {
    const current = await this.current(sql, claim.name);
    if (current?.fileId === claim.fileId) return;
    if (current !== undefined && claim.naming === 'publish') throw nameTaken(claim.name);
    if (claim.naming === 'keep' && (await this.wasEver(sql, claim.name))) return;
    if (current !== undefined) await this.end(sql, current, 'replaced');
    await sql.run(
      `INSERT INTO name_versions (name, file_id, published_by, created_at) VALUES (?, ?, ?, ?)`,
      [claim.name, claim.fileId, claim.identity, toIsoTime(Date.now())],
    );
    sql.afterCommit(() => this.namesChanged());
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
  async last(sql: Sql, name: string): Promise<NameVersion | undefined> {
    return sql.first<NameVersion>(
      `SELECT id, file_id AS fileId, published_by AS publishedBy
        FROM name_versions WHERE name = ? ORDER BY id DESC LIMIT 1`,
      [name],
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
