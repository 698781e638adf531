import type { ChunkIndex } from '#protocol';

/** Suggestions of one peer that are remembered; older ones make room. */
export const MAX_SUGGESTION_COUNT = 32;

/** What one peer would like to be asked for, in the order it said so. */
export class SuggestionQueue {
  private readonly chunks: ChunkIndex[] = [];

  /** A chunk that is already waiting keeps its place. */
  push(index: ChunkIndex): void {
    if (this.chunks.includes(index)) return;
    if (this.chunks.length >= MAX_SUGGESTION_COUNT) this.chunks.shift();
    this.chunks.push(index);
  }

  shift(): ChunkIndex | undefined {
    return this.chunks.shift();
  }
}
