import { Injectable } from '@nestjs/common';
import { TrackerError, type RegisterFile } from '#protocol';
import { toIsoTime, type Sql } from '../store/sql.js';
import { FILE_COLUMNS, type ResolvedFile } from './file-record.js';
import { prefixEnd } from './name-range.js';

export interface NameVersion {
  readonly id: number;
  readonly fileId: number;
  readonly publishedBy: string;
}

export interface NameClaim {
  readonly name: string;
  readonly fileId: number;
  readonly identity: string;
  readonly naming: RegisterFile['naming'];
}

/** Which name points at which file, and what it pointed at before. */
@Injectable()
export class NameBook {
  current(sql: Sql, name: string): Promise<NameVersion | undefined> {
    return sql.first<NameVersion>(
      `SELECT id, file_id AS fileId, published_by AS publishedBy
        FROM name_versions WHERE name = ? AND ended_at IS NULL`,
      [name],
    );
  }

  /** How many current names begin with a prefix. */
  async countUnder(sql: Sql, prefix: string): Promise<number> {
    const row = await sql.first<{ total: number }>(
      `SELECT COUNT(*) AS total FROM name_versions
        WHERE ended_at IS NULL AND name >= ? AND name < ?`,
      range(prefix),
    );
    return row!.total;
  }

  /** Current names under a prefix and after a name, in the order of code points. */
  page(
    sql: Sql,
    wanted: { prefix: string; after: string; limit: number },
  ): Promise<ResolvedFile[]> {
    return sql.all<ResolvedFile>(
      `SELECT ${FILE_COLUMNS}, n.created_at AS createdAt, n.name
        FROM name_versions n JOIN files f ON f.id = n.file_id
        WHERE n.ended_at IS NULL AND n.name >= ? AND n.name < ? AND n.name > ?
        ORDER BY n.name LIMIT ?`,
      [...range(wanted.prefix), wanted.after, wanted.limit],
    );
  }

  /** Makes, moves or keeps the name as `naming` says. Throws NAME_TAKEN. */
  async claim(sql: Sql, claim: NameClaim): Promise<void> {
    const current = await this.current(sql, claim.name);
    if (current?.fileId === claim.fileId) return;
    if (current !== undefined && claim.naming === 'publish') throw nameTaken(claim.name);
    if (claim.naming === 'keep' && (await this.wasEver(sql, claim.name))) return;
    if (current !== undefined) await this.end(sql, current, 'replaced');
    await sql.run(
      `INSERT INTO name_versions (name, file_id, published_by, created_at) VALUES (?, ?, ?, ?)`,
      [claim.name, claim.fileId, claim.identity, toIsoTime(Date.now())],
    );
  }

  async end(sql: Sql, version: NameVersion, why: 'replaced' | 'purged'): Promise<void> {
    await sql.run('UPDATE name_versions SET ended_at = ?, ended_by = ? WHERE id = ?', [
      toIsoTime(Date.now()),
      why,
      version.id,
    ]);
  }

  /** The file a name that is no more pointed at last: what makes a purge repeatable. */
  async last(sql: Sql, name: string): Promise<NameVersion | undefined> {
    return sql.first<NameVersion>(
      `SELECT id, file_id AS fileId, published_by AS publishedBy
        FROM name_versions WHERE name = ? ORDER BY id DESC LIMIT 1`,
      [name],
    );
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
