import { expect, it } from 'vitest';
import { HeldBytes } from './held-bytes.js';

function holding(maxBytes: number) {
  const givenUp: string[] = [];
  return { givenUp, held: new HeldBytes<string>(maxBytes, (holder) => givenUp.push(holder)) };
}

it('counts what each holds now, and nothing of whoever holds nothing', () => {
  const { held, givenUp } = holding(100);
  held.moved('a', 30);
  held.moved('b', 50);
  held.moved('a', 10);
  held.moved('c', 0);
  expect(held.bytes).toBe(60);
  held.moved('b', 0);
  expect(held.bytes).toBe(10);
  expect(givenUp).toEqual([]);
});

it('gives up whoever has moved nothing for the longest, and no more than it takes', () => {
  const { held, givenUp } = holding(100);
  for (const holder of 'abcd') held.moved(holder, 25);
  held.moved('a', 26);
  expect(givenUp).toEqual(['b']);
  held.moved('e', 70);
  expect(givenUp).toEqual(['b', 'c', 'd']);
  expect(held.bytes).toBe(96);
});

it('gives up even the only one', () => {
  const { held, givenUp } = holding(100);
  held.moved('a', 101);
  expect([givenUp, held.bytes]).toEqual([['a'], 0]);
});
