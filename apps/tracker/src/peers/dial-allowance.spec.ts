import { expect, it } from 'vitest';
import type { Identity } from '#protocol';
import { DialAllowance } from './dial-allowance.js';

const [ONE, OTHER] = ['a'.repeat(32), 'b'.repeat(32)] as Identity[];
const NOW_MS = Date.UTC(2026, 0, 5);

/** How many looks are allowed in a row. */
const takeAll = (allowance: DialAllowance, identity: Identity, nowMs: number) => {
  let count = 0;
  while (allowance.take(identity, nowMs)) count += 1;
  return count;
};

it('lets each identity cause some looks at once, and then one now and then', () => {
  const allowance = new DialAllowance();
  const burst = takeAll(allowance, ONE!, NOW_MS);
  expect(takeAll(allowance, OTHER!, NOW_MS)).toBe(burst);
  expect(takeAll(allowance, ONE!, NOW_MS + 4_999)).toBe(0);
  expect(takeAll(allowance, ONE!, NOW_MS + 10_000)).toBe(2);
  expect(takeAll(allowance, ONE!, NOW_MS + 3_600_000)).toBe(burst);
});

it('takes a clock that was set back for no time', () => {
  const allowance = new DialAllowance();
  takeAll(allowance, ONE!, NOW_MS);
  expect(takeAll(allowance, ONE!, NOW_MS - 3_600_000)).toBe(0);
});
