import { scattered, type CoreSubject } from './core-subject.js';

const VISIT_COUNT = 20_000;
const WORD_BITS = 32;
/** Objects and arrays that one message to the picker reads of its connection, and numbers that moving a
 *  chunk in the order by rarity reads and writes. */
const CONNECTION_PLACE_COUNT = 8;
const FILE_PLACE_COUNT = 8;
/** What memory is fetched in: 64 bytes. */
const LINE_WORDS = 16;

/**
 * What the machine's memory alone costs: as much of it as the order by rarity and what is noted of each
 * connection take, visited as they are, with work that is the same for every size.
 */
const visiting: CoreSubject = {
  title: 'memory alone: 9 places of a connection, 8 of a file',
  uses: 'some',
  prepare({ chunkCount, connectionCount, usedChunkCount, usedConnectionCount }) {
    const bitWords = Math.ceil(chunkCount / WORD_BITS);
    const bits = Array.from({ length: connectionCount }, () => new Uint32Array(bitWords));
    // All zero, which is known only when they have been read.
    const steps = new Uint32Array(connectionCount * CONNECTION_PLACE_COUNT * LINE_WORDS);
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
        const connection = scattered(time, usedConnectionCount);
        let place: number = connection;
        for (let step = 0; step < CONNECTION_PLACE_COUNT; step += 1) {
          place += connectionCount + steps[place * LINE_WORDS]!;
        }
        let chunk: number = scattered(time, usedChunkCount);
        bits[connection]![chunk >>> 5]! ^= 0x80000000 >>> (chunk & 31);
        for (let step = 0; step < FILE_PLACE_COUNT; step += 2) chunk = after[next[chunk]!]!;
        sum += chunk + place;
      }
      return sum < 0 ? 0 : VISIT_COUNT;
    };
  },
};

export const MEMORY_SUBJECTS = [visiting];
