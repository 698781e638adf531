import { Inject, Injectable } from '@nestjs/common';
import { encodeBase64, HELD_ALL, HELD_NONE, type HeldChunks } from '#protocol';
import type { OutsideCommits } from '../store/outside-commits.js';
import { ReadCache } from '../store/read-cache.js';
import type { Sql } from '../store/sql.js';
import { OUTSIDE_COMMITS, READER } from '../store/store.tokens.js';

/** A bitfield above this length is left out of a location: the peers tell each other. */
const MAX_INLINE_HELD_CHARS = 4_096;
const MAX_INLINE_HELD_BYTES = (MAX_INLINE_HELD_CHARS * 3) / 4;
/** Of all texts that are kept; each counts as some more. */
const MAX_KEPT_CHARS = 12 * 1024 * 1024;
const TEXT_WEIGHT = 128;

/** The keys that end a location, as JSON without braces: what peers hold of a file. Keeps those of
 *  partial peers that were asked for lately. */
@Injectable()
export class HeldTexts {
  private readonly texts = new ReadCache<string, string>({
    maxWeight: MAX_KEPT_CHARS,
    weightOf: (text) => TEXT_WEIGHT + text.length,
  });

  constructor(
    @Inject(READER) private readonly reader: Sql,
    @Inject(OUTSIDE_COMMITS) outside: OutsideCommits,
  ) {
    outside.whenNoticed(() => this.allChanged());
  }

  /** Of partial peers, by keys of their rows, in the same order; undefined: not in the swarm. */
  async find(fileId: number, peerRowIds: readonly number[]): Promise<(string | undefined)[]> {
    const texts = peerRowIds.map((peerRowId) => this.texts.get(keyOf(fileId, peerRowId)));
    if (!texts.includes(undefined)) return texts;
    const missing = peerRowIds.filter((_, index) => texts[index] === undefined);
    const found = new Map(await this.texts.fill(() => this.read(fileId, missing)));
    return texts.map((text, index) => text ?? found.get(keyOf(fileId, peerRowIds[index]!)));
  }

  /** A partial peer holds more of a file, and that is committed. */
  grown(fileId: number, peerRowId: number, held: { chunksHeld: number; chunks: Uint8Array }): void {
    const chunks = held.chunks.length <= MAX_INLINE_HELD_BYTES ? held.chunks : null;
    this.texts.replace(keyOf(fileId, peerRowId), () => render({ ...held, chunks, complete: 0 }));
  }

  /** A peer holds something else of a file, and that is committed. */
  changed(fileId: number, peerRowId: number): void {
    this.texts.delete(keyOf(fileId, peerRowId));
  }

  allChanged(): void {
    this.texts.clear();
  }

  private async read(fileId: number, peerRowIds: readonly number[]): Promise<[string, string][]> {
    const rows = await this.reader.all<HeldRow>(
      `SELECT peer_id AS peerRowId, chunks_held AS chunksHeld, complete,
          CASE WHEN length(chunks) <= ? THEN chunks END AS chunks
        FROM chunk_ownership
        WHERE file_id = ? AND peer_id IN (SELECT value FROM json_each(?))`,
      [MAX_INLINE_HELD_BYTES, fileId, JSON.stringify(peerRowIds)],
    );
    return rows.map((row) => [keyOf(fileId, row.peerRowId), render(row)]);
  }
}

/** Of a peer that holds a whole file. */
export function completeText(chunkCount: number): string {
  return render({ chunksHeld: chunkCount, complete: 1, chunks: null });
}

interface HeldRow {
  readonly peerRowId: number;
  readonly chunksHeld: number;
  readonly complete: 0 | 1;
  /** Null: all, or too many to tell. */
  readonly chunks: Uint8Array | null;
}

function keyOf(fileId: number, peerRowId: number): string {
  return `${fileId} ${peerRowId}`;
}

function render(row: Omit<HeldRow, 'peerRowId'>): string {
  const { chunksHeld } = row;
  return JSON.stringify({ chunksHeld, complete: row.complete === 1, held: heldOf(row) }).slice(
    1,
    -1,
  );
}

function heldOf(row: Omit<HeldRow, 'peerRowId'>): HeldChunks | null {
  if (row.complete === 1) return HELD_ALL;
  if (row.chunksHeld === 0) return HELD_NONE;
  return row.chunks === null ? null : encodeBase64(row.chunks);
}
