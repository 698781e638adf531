import { Inject, Injectable } from '@nestjs/common';
import type { HostStatus, StatusReply, StatusRequest } from '#protocol';
import { FileCatalogue } from '../files/file-catalogue.service.js';
import type { ResolvedFile } from '../files/file-record.js';
import { viewOf } from '../files/name-view.js';
import type { Asker } from '../rpc/asker.js';
import { ReplyBudget } from '../rpc/reply-budget.js';
import { toIsoTime, type Sql } from '../store/sql.js';
import { READER } from '../store/store.tokens.js';

/** Which hosts are done: identities that share, download or have completed a file. */
@Injectable()
export class StatusService {
  constructor(
    @Inject(READER) private readonly reader: Sql,
    @Inject(FileCatalogue) private readonly catalogue: FileCatalogue,
  ) {}

  /** A page of hosts in the order of their identities. Throws FILE_NOT_FOUND. */
  async status(request: StatusRequest, asker: Asker): Promise<StatusReply> {
    const file = await this.catalogue.resolve(this.reader, request.ref, viewOf(asker));
    const totals = await this.totals(file.id);
    const rows = await this.page(file, request);
    const budget = new ReplyBudget();
    const hosts: HostStatus[] = [];
    for (const row of rows) {
      const host = toHost(row, file);
      if (!budget.take(host)) break;
      hosts.push(host);
    }
    const isLast = hosts.length === rows.length && rows.length < request.limit;
    const { name, digest } = file;
    return { name, digest, ...totals, hosts, next: isLast ? null : hosts.at(-1)!.identity };
  }

  private async totals(fileId: number): Promise<{ hostsDone: number; hostsTotal: number }> {
    const row = await this.reader.first<{ hostsDone: number; hostsTotal: number }>(
      `SELECT (SELECT COUNT(*) FROM completions WHERE file_id = ?) AS hostsDone,
        (SELECT COUNT(*) FROM (
          SELECT p.identity FROM chunk_ownership o JOIN peers p ON p.id = o.peer_id
            WHERE o.file_id = ?
          UNION SELECT identity FROM completions WHERE file_id = ?)) AS hostsTotal`,
      [fileId, fileId, fileId],
    );
    return row!;
  }

  /** One row for each identity: the process of it that was seen last in this swarm; for one that
   *  has left, its completion and, while the tracker remembers it, its last process. */
  private page(file: ResolvedFile, request: StatusRequest): Promise<HostRow[]> {
    const after = request.after ?? '';
    return this.reader.all<HostRow>(
      `WITH processes AS (
          SELECT p.identity, p.hostname, p.peer_id, p.host, o.chunks_held,
            p.lease_expires_at > ? AS online, p.last_seen_at,
            ROW_NUMBER() OVER (PARTITION BY p.identity
              ORDER BY p.last_seen_at DESC, p.id DESC) AS position
          FROM chunk_ownership o JOIN peers p ON p.id = o.peer_id
          WHERE o.file_id = ? AND p.identity > ?),
        hosts AS (SELECT identity FROM processes
          UNION SELECT identity FROM completions WHERE file_id = ? AND identity > ?)
      SELECT h.identity, COALESCE(s.hostname, c.hostname) AS hostname,
        COALESCE(s.peer_id, l.peer_id) AS peerId, COALESCE(s.host, l.host) AS host,
        s.chunks_held AS chunksHeld, c.identity IS NOT NULL AS complete,
        COALESCE(s.online, 0) AS online,
        COALESCE(s.last_seen_at, l.last_seen_at, c.completed_at) AS lastSeenAt
      FROM hosts h
      LEFT JOIN processes s ON s.identity = h.identity AND s.position = 1
      LEFT JOIN peers l ON l.id = (SELECT id FROM peers WHERE identity = h.identity
        ORDER BY last_seen_at DESC, id DESC LIMIT 1)
      LEFT JOIN completions c ON c.file_id = ? AND c.identity = h.identity
      ORDER BY h.identity LIMIT ?`,
      [toIsoTime(Date.now()), file.id, after, file.id, after, file.id, request.limit],
    );
  }
}

interface HostRow {
  readonly identity: string;
  readonly hostname: string;
  readonly peerId: string | null;
  readonly host: string | null;
  /** Null: only the completion is known. */
  readonly chunksHeld: number | null;
  readonly complete: 0 | 1;
  readonly online: 0 | 1;
  readonly lastSeenAt: string;
}

function toHost(row: HostRow, file: ResolvedFile): HostStatus {
  const { identity, hostname, peerId, host, lastSeenAt } = row;
  return {
    identity,
    hostname,
    peerId,
    host,
    chunksHeld: row.chunksHeld ?? file.chunkCount,
    chunkCount: file.chunkCount,
    complete: row.complete === 1,
    online: row.online === 1,
    lastSeenAt,
  };
}
