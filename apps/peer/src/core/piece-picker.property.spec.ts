import { Bitfield, toChunkIndex, type ChunkIndex, type PeerId } from '#protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PiecePicker, type ChunkState, type PickOrder } from './piece-picker.js';
import { MAX_WALK_COUNT } from './rarest-choice.js';

const PEER_COUNT = 5;

type StateStep = { type: 'hold' | 'release' | 'stored'; chunk: number };
type PickStep = { type: 'pick'; peer: number; dice: number };
type JoinStep = { type: 'join'; peer: number; bits: number[] | 'all' };
type PeerStep =
  | PickStep
  | JoinStep
  | { type: 'leave'; peer: number }
  | { type: 'has' | 'suggest'; peer: number; chunk: number };
type Step = StateStep | PeerStep | { type: 'limit'; endIndex: number };

function steps(chunkCount: number): fc.Arbitrary<Step[]> {
  const chunk = fc.nat({ max: chunkCount - 1 });
  const peer = fc.nat({ max: PEER_COUNT - 1 });
  const dice = fc.double({ min: 0, max: 0.999999, noNaN: true });
  const bits = fc.oneof(fc.constant('all' as const), fc.array(chunk, { maxLength: chunkCount }));
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ type: fc.constantFrom('hold', 'release', 'stored'), chunk }),
    fc.record({ type: fc.constant('join'), peer, bits }),
    fc.record({ type: fc.constant('leave'), peer }),
    { arbitrary: fc.record({ type: fc.constant('pick'), peer, dice }), weight: 4 },
    { arbitrary: fc.record({ type: fc.constant('has'), peer, chunk }), weight: 4 },
    fc.record({ type: fc.constant('suggest'), peer, chunk }),
    fc.record({ type: fc.constant('limit'), endIndex: fc.nat({ max: chunkCount }) }),
  );
  return fc.array(step, { minLength: 1, maxLength: 120 });
}

/** What the picker should know, kept in the most naive way. */
class Model {
  readonly states: ChunkState[];
  readonly peers = new Map<PeerId, { held: Set<number>; suggested: Set<number> }>();
  endIndex: number;

  constructor(readonly chunkCount: number) {
    this.states = Array.from({ length: chunkCount }, () => 'missing');
    this.endIndex = chunkCount;
  }

  copiesOf(chunk: number): number {
    return [...this.peers.values()].filter((peer) => peer.held.has(chunk)).length;
  }

  pickable(peerId: PeerId): number[] {
    const { held } = this.peers.get(peerId)!;
    return this.states.flatMap((state, chunk) =>
      state === 'missing' && held.has(chunk) && chunk < this.endIndex ? [chunk] : [],
    );
  }

  count(state: ChunkState): number {
    return this.states.filter((other) => other === state).length;
  }
}

const peerId = (peer: number) => `peer-${peer}` as PeerId;

function apply(step: Step, picker: PiecePicker, model: Model, order: PickOrder): void {
  if ('peer' in step) {
    applyToPeer(step, picker, model, order);
  } else if (step.type !== 'limit') {
    applyState(step, picker, model);
  } else if (order === 'sequential') {
    model.endIndex = step.endIndex;
    picker.limitTo(step.endIndex);
  }
}

function applyToPeer(step: PeerStep, picker: PiecePicker, model: Model, order: PickOrder): void {
  const id = peerId(step.peer);
  const known = model.peers.get(id);
  if (step.type === 'join') {
    const held = step.bits === 'all' ? Bitfield.full(model.chunkCount) : bitfieldOf(step, model);
    const suggested = known?.suggested ?? new Set();
    model.peers.set(id, { held: new Set(held.indexes()), suggested });
    picker.addPeer(id, held);
  } else if (step.type === 'leave') {
    model.peers.delete(id);
    picker.removePeer(id);
  } else if (known === undefined) {
    return;
  } else if (step.type === 'pick') {
    applyPick(step, picker, model, order);
  } else if (step.type === 'has') {
    known.held.add(step.chunk);
    picker.peerHas(id, toChunkIndex(step.chunk));
  } else {
    known.suggested.add(step.chunk);
    picker.suggest(id, toChunkIndex(step.chunk));
  }
}

function bitfieldOf(step: JoinStep, model: Model): Bitfield {
  const held = Bitfield.empty(model.chunkCount);
  if (step.bits !== 'all') for (const chunk of step.bits) held.set(toChunkIndex(chunk));
  return held;
}

function applyState(step: StateStep, picker: PiecePicker, model: Model): void {
  const { type, chunk } = step;
  const state = model.states[chunk]!;
  if (type === 'hold' && state === 'missing') model.states[chunk] = 'held';
  if (type === 'release' && state !== 'stored') model.states[chunk] = 'missing';
  if (type === 'stored') model.states[chunk] = 'stored';
  picker[type](toChunkIndex(chunk));
}

function applyPick(step: PickStep, picker: PiecePicker, model: Model, order: PickOrder): void {
  const id = peerId(step.peer);
  const pickable = model.pickable(id);
  const picked = picker.pick({ peerId: id, random: () => step.dice });
  if (pickable.length === 0) {
    expect(picked).toBeUndefined();
    return;
  }
  expect(pickable).toContain(picked);
  const best =
    order === 'sequential'
      ? pickable.slice(0, 1)
      : pickable.filter((chunk) => model.copiesOf(chunk) === fewestCopies(pickable, model));
  const { suggested } = model.peers.get(id)!;
  expect([...best, ...suggested]).toContain(picked);
  suggested.delete(picked!);
  model.states[picked!] = 'assigned';
}

function fewestCopies(chunks: number[], model: Model): number {
  return Math.min(...chunks.map((chunk) => model.copiesOf(chunk)));
}

function expectSame(picker: PiecePicker, model: Model): void {
  for (let chunk = 0; chunk < model.chunkCount; chunk += 1) {
    expect(picker.stateOf(toChunkIndex(chunk))).toBe(model.states[chunk]);
    expect(picker.copiesOf(toChunkIndex(chunk))).toBe(model.copiesOf(chunk));
  }
  expect(picker.missingCount).toBe(model.count('missing'));
  expect(picker.heldCount).toBe(model.count('held'));
  expect(picker.assignedCount).toBe(model.count('assigned'));
  expect(picker.storedCount).toBe(model.count('stored'));
  expect(picker.isComplete).toBe(model.count('stored') === model.chunkCount);
  expect(picker.isEndgame).toBe(model.count('missing') === 0 && model.count('assigned') > 0);
  for (const [id, { held }] of model.peers) {
    const unstored = [...held].some((chunk) => model.states[chunk] !== 'stored');
    expect(picker.isInteresting(id)).toBe(unstored);
    expect([...picker.peerHeld(id)!.indexes()]).toEqual([...held].sort((a, b) => a - b));
    expect(picker.isPeerComplete(id)).toBe(held.size === model.chunkCount);
  }
}

test.each<PickOrder>(['rarestFirst', 'sequential'])('agrees with a naive %s picker', (order) => {
  const cases = fc
    .integer({ min: 1, max: 80 })
    .chain((chunkCount) =>
      fc.record({ chunkCount: fc.constant(chunkCount), steps: steps(chunkCount) }),
    );
  const property = fc.property(cases, (given) => {
    const picker = new PiecePicker({ chunkCount: given.chunkCount, order });
    const model = new Model(given.chunkCount);
    for (const step of given.steps) apply(step, picker, model, order);
    expectSame(picker, model);
  });
  fc.assert(property, { numRuns: 400 });
});

test('every tied chunk can be picked, from seeders and from partial peers', () => {
  const cases = fc.record({
    bits: fc.uniqueArray(fc.nat({ max: 19 }), { minLength: 1, maxLength: 20 }),
    seed: fc.integer(),
  });
  const property = fc.property(cases, ({ bits, seed }) => {
    const held = Bitfield.empty(20);
    for (const chunk of bits) held.set(toChunkIndex(chunk));
    const dice = fc.sample(fc.double({ min: 0, max: 0.999999, noNaN: true }), {
      seed,
      numRuns: 600,
    });
    const picker = new PiecePicker({ chunkCount: 20, order: 'rarestFirst' });
    picker.addPeer(peerId(0), held);
    const picked = new Set<ChunkIndex>();
    for (let nth = 0; nth < 20; nth += 1) {
      // A peer told of anew starts a new run of neighbours.
      picker.addPeer(peerId(0), held);
      const chunk = picker.pick({ peerId: peerId(0), random: () => (nth + 0.5) / 20 });
      picked.add(chunk!);
      picker.release(chunk!);
    }
    for (const value of dice) {
      const chunk = picker.pick({ peerId: peerId(0), random: () => value });
      picked.add(chunk!);
      picker.release(chunk!);
    }
    expect([...picked].sort((a, b) => a - b)).toEqual([...bits].sort((a, b) => a - b));
  });
  fc.assert(property, { numRuns: 100 });
});

test('above the walk a partial peer still gets all it has, and nothing else', () => {
  const chunkCount = MAX_WALK_COUNT * 40;
  const cases = fc.record({
    bits: fc.uniqueArray(fc.nat({ max: chunkCount - 1 }), { minLength: 1, maxLength: 30 }),
    dice: fc.double({ min: 0, max: 0.999999, noNaN: true }),
  });
  const property = fc.property(cases, ({ bits, dice }) => {
    const picker = new PiecePicker({ chunkCount, order: 'rarestFirst' });
    const others = Bitfield.full(chunkCount);
    const held = Bitfield.empty(chunkCount);
    for (const chunk of bits) held.set(toChunkIndex(chunk));
    others.clear(toChunkIndex(bits[0]!));
    picker.addPeer(peerId(0), held);
    picker.addPeer(peerId(1), others);
    const picked = bits.map(() => picker.pick({ peerId: peerId(0), random: () => dice })!);
    expect(picked.sort((a, b) => a - b)).toEqual([...bits].sort((a, b) => a - b));
    expect(picker.pick({ peerId: peerId(0), random: () => dice })).toBeUndefined();
  });
  fc.assert(property, { numRuns: 30 });
});
