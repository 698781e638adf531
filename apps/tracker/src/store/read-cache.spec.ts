import { describe, expect, it } from 'vitest';
import { ReadCache } from './read-cache.js';

const cacheOf = (maxWeight: number) =>
  new ReadCache<string, { weight: number }>({ maxWeight, weightOf: ({ weight }) => weight });
const read = (...keys: string[]) =>
  Promise.resolve(keys.map((key) => [key, { weight: 1 }] as const));

describe('ReadCache', () => {
  it('keeps what it read', async () => {
    const cache = cacheOf(2);
    expect(await cache.fill(() => read('a', 'b'))).toHaveLength(2);
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([
      { weight: 1 },
      { weight: 1 },
      undefined,
    ]);
  });

  it('makes room for the latest', async () => {
    const cache = cacheOf(2);
    await cache.fill(() => read('a', 'b', 'c'));
    expect([cache.get('a'), cache.get('c')]).toEqual([undefined, { weight: 1 }]);
    cache.change('b', (value) => (value.weight = 3));
    expect([cache.get('b'), cache.get('c')]).toEqual([undefined, { weight: 1 }]);
  });

  it.each<[string, (cache: ReturnType<typeof cacheOf>) => void]>([
    ['changed', (cache) => cache.change('a', () => undefined)],
    ['deleted', (cache) => cache.delete('a')],
    ['cleared', (cache) => cache.clear()],
  ])('does not keep what was read before it was %s', async (_, change) => {
    const cache = cacheOf(2);
    const found = cache.fill(() => read('a'));
    change(cache);
    expect(await found).toHaveLength(1);
    expect(cache.get('a')).toBeUndefined();
  });

  it('adds what it reads more of a value', async () => {
    const cache = cacheOf(3);
    const extend = () =>
      cache.extend(
        'a',
        () => Promise.resolve(2),
        (kept, found) => ({ weight: (kept?.weight ?? 0) + found }),
      );
    expect(await extend()).toBe(2);
    expect(cache.get('a')).toEqual({ weight: 2 });
    const extending = extend();
    cache.change('a', (value) => (value.weight = 1));
    await extending;
    expect(cache.get('a')).toEqual({ weight: 1 });
    await extend();
    expect(cache.get('a')).toEqual({ weight: 3 });
    await extend();
    expect(cache.get('a')).toBeUndefined();
  });

  it('counts the key where it is told to', async () => {
    const cache = new ReadCache<string, number>({ maxWeight: 4, weightOf: (_, key) => key.length });
    await cache.fill(() => Promise.resolve([['abc', 1] as const, ['de', 2] as const]));
    expect([cache.get('abc'), cache.get('de')]).toEqual([undefined, 2]);
  });

  it('forgets', async () => {
    const cache = cacheOf(2);
    await cache.fill(() => read('a', 'b'));
    cache.delete('a');
    expect([cache.get('a'), cache.get('b')]).toEqual([undefined, { weight: 1 }]);
    cache.clear();
    expect(cache.get('b')).toBeUndefined();
  });
});
