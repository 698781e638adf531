import { expect, it } from 'vitest';
import { Inbox } from './inbox.js';

it('applies events one after another, those too that are pushed meanwhile', () => {
  const applied: number[] = [];
  let depth = 0;
  const inbox: Inbox<number> = new Inbox((event) => {
    expect((depth += 1)).toBe(1);
    if (event < 3) inbox.push(event + 10);
    applied.push(event);
    depth -= 1;
  });
  for (const event of [1, 2, 3]) inbox.push(event);
  expect(applied).toEqual([1, 11, 2, 12, 3]);
});

it('goes on after an event that could not be applied', () => {
  const applied: number[] = [];
  const inbox = new Inbox<number>((event) => {
    if (event === 1) throw new Error('a bug');
    applied.push(event);
  });
  expect(() => inbox.push(1)).toThrow('a bug');
  inbox.push(2);
  expect(applied).toEqual([2]);
});

it('does not feed itself for ever', () => {
  const inbox: Inbox<number> = new Inbox((event) => inbox.push(event));
  expect(() => inbox.push(1)).toThrow(RangeError);
});
