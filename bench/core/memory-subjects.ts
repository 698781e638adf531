import { scattered, type CoreSubject } from './core-subject.js';

const VISIT_COUNT = 20_000;
const WORD_BITS = 32;

/**
 * What the machine's memory alone costs: as much of it as the order by rarity and the chunks of each
 * connection take, visited as they are, with work that is the same for every size.
 */
const visiting: CoreSubject = {
  title: 'memory alone: a bit of a connection, 8 numbers of a file',
  uses: 'some',
  prepare({ chunkCount, connectionCount, usedChunkCount, usedConnectionCount }) {
    const wordCount = Math.ceil(chunkCount / WORD_BITS);
    const bits = Array.from({ length: connectionCount }, () => new Uint32Array(wordCount));
    // Each chunk leads to another one, and so through all that are used.
    const next = new Uint32Array(chunkCount);
    const after = new Uint32Array(chunkCount);
    for (let nth = 0; nth < usedChunkCount; nth += 1) {
      next[scattered(nth, usedChunkCount)] = scattered(nth + 1, usedChunkCount);
      after[scattered(nth, usedChunkCount)] = scattered(nth + 3, usedChunkCount);
    }
    return () => {
      let sum = 0;
      for (let time = 0; time < VISIT_COUNT; time += 1) {
        let chunk: number = scattered(time, usedChunkCount);
        bits[time % usedConnectionCount]![chunk >>> 5]! ^= 0x80000000 >>> (chunk & 31);
        for (let step = 0; step < 4; step += 1) chunk = after[next[chunk]!]!;
        sum += chunk;
      }
      return sum < 0 ? 0 : VISIT_COUNT;
    };
  },
};

export const MEMORY_SUBJECTS = [visiting];
