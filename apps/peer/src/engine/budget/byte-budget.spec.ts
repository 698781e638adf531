import { expect, it } from 'vitest';
import { ByteBudget } from './byte-budget.js';

const { signal } = new AbortController();

it('grants what fits, and one that never would when nothing else is held', () => {
  const budget = new ByteBudget(10);
  expect(budget.tryTake(99)).toBe(true);
  expect(budget.tryTake(1)).toBe(false);
  budget.release(99);
  expect([budget.tryTake(6), budget.tryTake(4), budget.tryTake(1)]).toEqual([true, true, false]);
});

it('finds out who gives back more than was taken', () => {
  const budget = new ByteBudget(10);
  budget.tryTake(3);
  expect(() => budget.release(4)).toThrow(RangeError);
});

it('wakes everybody who waits, once', () => {
  const budget = new ByteBudget(10);
  const woken: string[] = [];
  budget.tryTake(10);
  budget.onceFreed(() => woken.push('one'));
  budget.onceFreed(() => woken.push('two'));
  budget.release(5);
  budget.release(5);
  expect(woken).toEqual(['one', 'two']);
});

it('lets those who wait in turn take as much as there is, and no more', async () => {
  const budget = new ByteBudget(10);
  await budget.take(10, { signal });
  let holders = 0;
  const all = Promise.all(
    Array.from({ length: 9 }, async () => {
      await budget.take(5, { signal });
      holders += 1;
      expect(holders).toBeLessThanOrEqual(2);
      await Promise.resolve();
      holders -= 1;
      budget.release(5);
    }),
  );
  budget.release(10);
  await all;
  expect(budget.tryTake(10)).toBe(true);
});

it('gives to those who wait in the order in which they asked, also who asks for much', async () => {
  const budget = new ByteBudget(10);
  budget.tryTake(10);
  const taken: string[] = [];
  const take = (who: string, bytes: number) =>
    budget.take(bytes, { signal }).then(() => void taken.push(who));
  const early = [take('much', 8), take('little', 3)];
  budget.release(5);
  const all = [...early, take('late', 2)];
  await Promise.resolve();
  expect([taken, budget.tryTake(1)]).toEqual([[], false]);
  budget.release(5);
  await early[0];
  budget.release(8);
  await Promise.all(all);
  expect(taken).toEqual(['much', 'little', 'late']);
});

it('gives to the next when one who waits before gives up', async () => {
  const budget = new ByteBudget(10);
  budget.tryTake(5);
  const stopping = new AbortController();
  const much = expect(budget.take(8, { signal: stopping.signal })).rejects.toThrow('enough');
  const little = budget.take(3, { signal });
  stopping.abort(new Error('enough'));
  await much;
  await little;
  expect(budget.isAwaited).toBe(false);
});

it('rejects with the reason, and takes nothing, when the signal aborts the waiting', async () => {
  const budget = new ByteBudget(10);
  budget.tryTake(10);
  const stopping = new AbortController();
  const failed = expect(budget.take(1, { signal: stopping.signal })).rejects.toThrow('enough');
  stopping.abort(new Error('enough'));
  await failed;
  budget.release(10);
  expect(budget.tryTake(10)).toBe(true);
});
