import { once } from 'node:events';
import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { parseIdentity } from '#protocol';
import { FairShares } from './fair-shares.js';

const [ada, bob, eve] = ['a', 'b', 'e'].map((letter) => parseIdentity(letter.repeat(32)));
const busy = expect.objectContaining({ code: 'BUSY', retryAfterMs: 5_000 }) as Error;

it('gives an identity its share and no more, whatever the others have', () => {
  const shares = new FairShares({ maxConnectionCount: 10, maxOfIdentityCount: 2 });
  const first = new Socket();
  shares.take(first, ada!);
  shares.take(new Socket(), ada!);
  expect(() => shares.take(new Socket(), ada!)).toThrow(busy);
  shares.take(first, ada!);
  shares.take(new Socket(), bob!);
});

it('gives away what was left', async () => {
  const shares = new FairShares({ maxConnectionCount: 2, maxOfIdentityCount: 1 });
  const first = new Socket();
  shares.take(first, ada!);
  shares.take(new Socket(), bob!);
  expect(() => shares.take(new Socket(), eve!)).toThrow(busy);
  first.destroy();
  await once(first, 'close');
  shares.take(new Socket(), eve!);
  expect(() => shares.take(new Socket(), ada!)).toThrow(busy);
});
