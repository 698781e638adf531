import { Inject, Injectable } from '@nestjs/common';
import { encodeBase64, HELD_ALL, HELD_NONE, type HeldChunks } from '#protocol';
import type { OutsideCommits } from '../store/outside-commits.js';
import { ReadCache } from '../store/read-cache.js';
import type { Sql } from '../store/sql.js';
import { OUTSIDE_COMMITS, READER } from '../store/store.tokens.js';

/** A bitfield above this length is left out of a location: the peers tell each other. */
const MAX_INLINE_HELD_CHARS = 4_096;
const MAX_INLINE_HELD_BYTES = (MAX_INLINE_HELD_CHARS * 3) / 4;
/** Of all texts that are kept; each text and each file counts as some more. */
const MAX_KEPT_CHARS = 8 * 1024 * 1024;
const TEXT_WEIGHT = 96;
const FILE_WEIGHT = 256;

/** The keys that end a location, as JSON without braces: what peers hold of a file. Keeps those of
 *  partial peers that were asked for lately. */
@Injectable()
export class HeldTexts {
  private readonly files = new ReadCache<number, FileTexts>({
    maxWeight: MAX_KEPT_CHARS,
    weightOf: ({ weight }) => weight,
  });

  constructor(
    @Inject(READER) private readonly reader: Sql,
    @Inject(OUTSIDE_COMMITS) outside: OutsideCommits,
  ) {
    outside.whenNoticed(() => this.allChanged());
  }

  /** Of partial peers, by keys of their rows, in the same order; undefined: not in the swarm. */
  async find(fileId: number, peerRowIds: readonly number[]): Promise<(string | undefined)[]> {
    const file = this.files.get(fileId);
    const texts = peerRowIds.map((peerRowId) => file?.get(peerRowId));
    if (!texts.includes(undefined)) return texts;
    const missing = peerRowIds.filter((_, index) => texts[index] === undefined);
    const read = () => this.read(fileId, missing);
    const found = new Map(
      await this.files.extend(fileId, read, (kept = new FileTexts(), more) => kept.add(more)),
    );
    return texts.map((text, index) => text ?? found.get(peerRowIds[index]!));
  }

  /** A partial peer holds more of a file, and that is committed. */
  grown(fileId: number, peerRowId: number, held: { chunksHeld: number; chunks: Uint8Array }): void {
    this.files.change(fileId, (file) => {
      if (file.get(peerRowId) === undefined) return;
      const chunks = held.chunks.length <= MAX_INLINE_HELD_BYTES ? held.chunks : null;
      file.add([[peerRowId, render({ ...held, chunks, complete: 0 })]]);
    });
  }

  /** A peer holds something else of a file, and that is committed. */
  changed(fileId: number, peerRowId: number): void {
    this.files.change(fileId, (file) => file.delete(peerRowId));
  }

  allChanged(): void {
    this.files.clear();
  }

  private async read(fileId: number, peerRowIds: readonly number[]): Promise<[number, string][]> {
    const rows = await this.reader.all<HeldRow>(
      `SELECT peer_id AS peerRowId, chunks_held AS chunksHeld, complete,
          CASE WHEN length(chunks) <= ? THEN chunks END AS chunks
        FROM chunk_ownership
        WHERE file_id = ? AND peer_id IN (SELECT value FROM json_each(?))`,
      [MAX_INLINE_HELD_BYTES, fileId, JSON.stringify(peerRowIds)],
    );
    return rows.map((row) => [row.peerRowId, render(row)]);
  }
}

/** What partial peers hold of one file, by keys of their rows. */
class FileTexts {
  weight = FILE_WEIGHT;
  private readonly texts = new Map<number, string>();

  get(peerRowId: number): string | undefined {
    return this.texts.get(peerRowId);
  }

  add(texts: readonly (readonly [number, string])[]): this {
    for (const [peerRowId, text] of texts) {
      const kept = this.texts.get(peerRowId);
      this.texts.set(peerRowId, text);
      this.weight += text.length + (kept === undefined ? TEXT_WEIGHT : -kept.length);
    }
    return this;
  }

  delete(peerRowId: number): void {
    const text = this.texts.get(peerRowId);
    if (text === undefined) return;
    this.texts.delete(peerRowId);
    this.weight -= TEXT_WEIGHT + text.length;
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
