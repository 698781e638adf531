import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { Bitfield, TrackerError } from '#protocol';
import { FileCatalogue } from '../files/file-catalogue.service.js';
import { PeersService, type KnownPeer } from '../peers/peers.service.js';
import { toIsoTime, type WriteSql } from '../store/sql.js';
import { CompletionsService } from './completions.service.js';
import { HeldTexts } from './held-texts.service.js';
import { mergeRanges, type ChunkRange } from './merge-ranges.js';
import { SwarmCensus } from './swarm-census.service.js';
import { SwarmRoster, type MemberState } from './swarm-roster.service.js';

export interface SwarmFile {
  /** Key of the file's row. */
  readonly id: number;
  readonly chunkCount: number;
}

/** Who has which chunks: one row for each file and peer. */
@Injectable()
export class OwnershipService implements OnModuleInit {
  constructor(
    @Inject(PeersService) private readonly peers: PeersService,
    @Inject(FileCatalogue) private readonly catalogue: FileCatalogue,
    @Inject(CompletionsService) private readonly completions: CompletionsService,
    @Inject(SwarmRoster) private readonly roster: SwarmRoster,
    @Inject(SwarmCensus) private readonly census: SwarmCensus,
    @Inject(HeldTexts) private readonly heldTexts: HeldTexts,
  ) {}

  onModuleInit(): void {
    this.peers.whenForgotten(async (sql, peerRowId) => {
      const fileIds = await this.filesOf(sql, peerRowId);
      await sql.run('DELETE FROM chunk_ownership WHERE peer_id = ?', [peerRowId]);
      sql.afterCommit(() => {
        for (const fileId of fileIds) this.left(fileId, peerRowId);
      });
    });
    this.peers.whenRevived(async (sql, peerRowId) => {
      const fileIds = await this.filesOf(sql, peerRowId);
      sql.afterCommit(() => {
        for (const fileId of fileIds) this.census.changed(fileId);
      });
    });
    this.peers.whenPruning(removeHoldings);
    this.peers.whenUpheaved(() => this.allChanged());
    this.catalogue.whenForgotten(() => this.allChanged());
  }

  /** Replaces what the tracker believes this peer holds of a file. */
  async put(sql: WriteSql, peer: KnownPeer, file: SwarmFile, held: Bitfield): Promise<void> {
    await sql.run(
      `INSERT INTO chunk_ownership (chunks, chunks_held, complete, updated_at, file_id, peer_id)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (file_id, peer_id) DO UPDATE SET chunks = excluded.chunks,
          chunks_held = excluded.chunks_held, complete = excluded.complete,
          updated_at = excluded.updated_at`,
      [...columns(held), file.id, peer.id],
    );
    sql.afterCommit(() => this.joined(file.id, peer.id, held.isComplete ? 'complete' : 'partial'));
    if (held.isComplete) await this.completions.record(sql, peer, file.id);
  }

  /** Adds chunks to what a peer holds. Throws NOT_IN_SWARM or OUT_OF_RANGE. */
  async add(
    sql: WriteSql,
    peer: KnownPeer,
    change: { digest: string; ranges: readonly ChunkRange[] },
  ): Promise<void> {
    const row = await sql.first<OwnershipRow>(
      `SELECT o.id, o.file_id AS fileId, o.chunks, o.complete, f.chunk_count AS chunkCount
        FROM files f JOIN chunk_ownership o ON o.file_id = f.id
        WHERE f.digest = ? AND o.peer_id = ?`,
      [change.digest, peer.id],
    );
    if (row === undefined) {
      const message = `this peer has not registered ${change.digest}`;
      throw new TrackerError('NOT_IN_SWARM', message);
    }
    const ranges = mergeRanges(change.ranges, row.chunkCount);
    if (row.complete === 1) return;
    const held = Bitfield.fromBytes(row.chunkCount, row.chunks!);
    for (const range of ranges) held.setRange(range);
    if (held.isComplete) await this.complete(sql, peer, row, held);
    else await this.grow(sql, peer, row, held);
  }

  /** Whether any process of this identity holds some of a file. */
  async isHost(sql: WriteSql, identity: string, fileId: number): Promise<boolean> {
    const row = await sql.first(
      `SELECT 1 FROM peers p JOIN chunk_ownership o ON o.peer_id = p.id
        WHERE p.identity = ? AND o.file_id = ? LIMIT 1`,
      [identity, fileId],
    );
    return row !== undefined;
  }

  /** This process, or every process of its home, offers the file no more. */
  async remove(
    sql: WriteSql,
    peer: KnownPeer,
    what: { fileId: number; scope: 'peer' | 'identity' },
  ): Promise<void> {
    if (what.scope === 'peer') {
      await sql.run('DELETE FROM chunk_ownership WHERE file_id = ? AND peer_id = ?', [
        what.fileId,
        peer.id,
      ]);
      sql.afterCommit(() => this.left(what.fileId, peer.id));
      return;
    }
    const processIds = await this.peers.processesOf(sql, peer.identity);
    await sql.run(
      `DELETE FROM chunk_ownership WHERE file_id = ?
        AND peer_id IN (SELECT value FROM json_each(?))`,
      [what.fileId, JSON.stringify(processIds)],
    );
    sql.afterCommit(() => {
      for (const processId of processIds) this.left(what.fileId, processId);
    });
  }

  /** Leaves alone what did not change: an index over it would be written, too. */
  private async grow(
    sql: WriteSql,
    peer: KnownPeer,
    { id, fileId }: OwnershipRow,
    held: Bitfield,
  ): Promise<void> {
    const chunks = held.toBytes();
    await sql.run(
      'UPDATE chunk_ownership SET chunks = ?, chunks_held = ?, updated_at = ? WHERE id = ?',
      [chunks, held.count, toIsoTime(Date.now()), id],
    );
    sql.afterCommit(() =>
      this.heldTexts.grown(fileId, peer.id, { chunksHeld: held.count, chunks }),
    );
  }

  private async complete(
    sql: WriteSql,
    peer: KnownPeer,
    { id, fileId }: OwnershipRow,
    held: Bitfield,
  ): Promise<void> {
    await sql.run(
      `UPDATE chunk_ownership SET chunks = ?, chunks_held = ?, complete = ?, updated_at = ?
        WHERE id = ?`,
      [...columns(held), id],
    );
    sql.afterCommit(() => this.joined(fileId, peer.id, 'complete'));
    await this.completions.record(sql, peer, fileId);
  }

  private filesOf(sql: WriteSql, peerRowId: number): Promise<number[]> {
    return sql.column<number>('SELECT file_id FROM chunk_ownership WHERE peer_id = ?', [peerRowId]);
  }

  private allChanged(): void {
    this.roster.allChanged();
    this.census.allChanged();
    this.heldTexts.allChanged();
  }

  private joined(fileId: number, peerRowId: number, state: MemberState): void {
    this.roster.joined(fileId, peerRowId, state);
    this.census.changed(fileId);
    this.heldTexts.changed(fileId, peerRowId);
  }

  private left(fileId: number, peerRowId: number): void {
    this.roster.left(fileId, peerRowId);
    this.census.changed(fileId);
    this.heldTexts.changed(fileId, peerRowId);
  }
}

interface OwnershipRow {
  readonly id: number;
  readonly fileId: number;
  readonly chunks: Uint8Array | null;
  readonly complete: 0 | 1;
  readonly chunkCount: number;
}

function removeHoldings(
  sql: WriteSql,
  peerRowIds: readonly number[],
  maxCount: number,
): Promise<number> {
  return sql.run(
    `DELETE FROM chunk_ownership WHERE id IN (SELECT id FROM chunk_ownership
      WHERE peer_id IN (SELECT value FROM json_each(?)) LIMIT ?)`,
    [JSON.stringify(peerRowIds), maxCount],
  );
}

function columns(held: Bitfield): [Uint8Array | null, number, number, string] {
  const chunks = held.isComplete ? null : held.toBytes();
  return [chunks, held.count, held.isComplete ? 1 : 0, toIsoTime(Date.now())];
}
