import { Bitfield, toChunkIndex, type ChunkIndex } from '#protocol';
import { Availability } from '../../apps/peer/src/core/availability.js';
import { PiecePicker } from '../../apps/peer/src/core/piece-picker.js';
import { halfOf, peerIds, scattered, type CoreSize, type CoreSubject } from './core-subject.js';
import { LackedChunks } from './lacked-chunks.js';

const MAX_MESSAGE_COUNT = 20_000;
/** Chunks that are asked for and have not arrived. */
const MAX_ASKED_COUNT = 64;
/** One of so many is rejected and picked again. */
const REJECT_EVERY = 16;

function pickerOf({ chunkCount, connectionCount }: CoreSize): PiecePicker {
  const picker = new PiecePicker({ chunkCount, order: 'rarestFirst' });
  peerIds(connectionCount).forEach((peerId, nth) => {
    const isSeeder = nth % 2 === 0;
    picker.addPeer(peerId, isSeeder ? Bitfield.full(chunkCount) : halfOf(chunkCount, nth));
  });
  return picker;
}

/** A whole download, half of the connections seeders, the others with half of the chunks. */
const fetching: CoreSubject = {
  title: 'picker: pick, store a chunk',
  uses: 'all',
  prepare(size) {
    const picker = pickerOf(size);
    const peers = peerIds(size.connectionCount);
    const asked: ChunkIndex[] = [];
    return () => {
      for (let nth = 0; !picker.isComplete; nth += 1) {
        const peerId = peers[nth % peers.length]!;
        const picked = picker.pick({ peerId, random: Math.random });
        if (picked !== undefined) asked.push(picked);
        if (asked.length < MAX_ASKED_COUNT && picked !== undefined) continue;
        const arrived = asked.shift();
        if (arrived === undefined) continue;
        if (nth % REJECT_EVERY === 0) picker.release(arrived);
        else picker.stored(arrived);
      }
      return size.chunkCount;
    };
  },
};

/** Leechers that tell of one chunk after another until they have all, half of ours being stored. */
const hearing: CoreSubject = {
  title: 'picker: have',
  uses: 'some',
  prepare({ chunkCount, connectionCount, ...used }) {
    const picker = new PiecePicker({ chunkCount, order: 'rarestFirst' });
    const peers = peerIds(connectionCount);
    peers.forEach((peerId, nth) => picker.addPeer(peerId, halfOf(chunkCount, nth)));
    for (const index of halfOf(chunkCount, connectionCount).indexes()) picker.stored(index);
    const heldBy = peers
      .slice(0, used.usedConnectionCount)
      .map((_, nth) => halfOf(chunkCount, nth));
    const lacked = new LackedChunks(heldBy, { ...used, maxCount: MAX_MESSAGE_COUNT });
    return () => {
      for (let message = 0; message < lacked.count; message += 1) {
        const peerId = peers[lacked.connectionAt(message)]!;
        picker.peerHas(peerId, lacked.chunkAt(message));
        picker.isInteresting(peerId);
      }
      return lacked.count;
    };
  },
};

/** What a bitfield costs grows with its length; a chunk in it must not. */
const joining: CoreSubject = {
  title: 'availability: leecher joins and leaves, each chunk',
  uses: 'all',
  prepare({ chunkCount, connectionCount }) {
    const availability = new Availability({ chunkCount, open: 'all' });
    for (let nth = 0; nth < connectionCount; nth += 1) availability.join(halfOf(chunkCount, nth));
    const held = halfOf(chunkCount, 0);
    const timesCount = Math.ceil(MAX_MESSAGE_COUNT / chunkCount);
    return () => {
      for (let time = 0; time < timesCount; time += 1) availability.leave(availability.join(held));
      return timesCount * chunkCount;
    };
  },
};

const seeding: CoreSubject = {
  title: 'availability: seeder joins and leaves',
  uses: 'all',
  prepare({ chunkCount, connectionCount }) {
    const availability = new Availability({ chunkCount, open: 'all' });
    for (let nth = 0; nth < connectionCount; nth += 1) availability.join(halfOf(chunkCount, nth));
    const held = Bitfield.full(chunkCount);
    return () => {
      for (let time = 0; time < MAX_MESSAGE_COUNT; time += 1) {
        availability.leave(availability.join(held));
      }
      return MAX_MESSAGE_COUNT;
    };
  },
};

/** Rarity goes up and down by one as chunks come and go. */
const ranking: CoreSubject = {
  title: 'availability: gain, lose a chunk',
  uses: 'some',
  prepare({ chunkCount, connectionCount, usedChunkCount, usedConnectionCount }) {
    const availability = new Availability({ chunkCount, open: 'all' });
    const peers = Array.from({ length: connectionCount }, (_, nth) => {
      return availability.join(halfOf(chunkCount, nth));
    });
    return () => {
      for (let time = 0; time < MAX_MESSAGE_COUNT; time += 1) {
        const peer = peers[time % usedConnectionCount]!;
        const index = scattered(time, usedChunkCount);
        if (!availability.gain(peer, index)) availability.lose(peer, index);
      }
      return MAX_MESSAGE_COUNT;
    };
  },
};

/** What is left to a peer that has little: found without looking at all of the chunks. */
const finding: CoreSubject = {
  title: 'picker: pick, release of a peer with one chunk',
  uses: 'some',
  prepare({ chunkCount, connectionCount, usedConnectionCount }) {
    const picker = new PiecePicker({ chunkCount, order: 'rarestFirst' });
    const peers = peerIds(connectionCount);
    peers.forEach((peerId, nth) => {
      const held = Bitfield.empty(chunkCount);
      held.set(scattered(nth, chunkCount));
      picker.addPeer(peerId, held);
    });
    // Nearly all others are rarer, so that the one is never among the first.
    const other = Bitfield.full(chunkCount);
    other.clear(scattered(connectionCount, chunkCount));
    picker.addPeer(peerIds(connectionCount + 1).at(-1)!, other);
    return () => {
      for (let time = 0; time < MAX_MESSAGE_COUNT; time += 1) {
        const peerId = peers[time % usedConnectionCount]!;
        const index = picker.pick({ peerId, random: Math.random });
        picker.release(index ?? toChunkIndex(0));
      }
      return MAX_MESSAGE_COUNT;
    };
  },
};

export const PICKER_SUBJECTS = [fetching, hearing, finding, ranking, seeding, joining];
