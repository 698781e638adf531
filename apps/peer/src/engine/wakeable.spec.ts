import { expect, it } from 'vitest';
import { Wakeable } from './wakeable.js';

it('sleeps until it is woken', async () => {
  const wakeable = new Wakeable();
  const sleeping = wakeable.sleep(Infinity);
  wakeable.wake();
  wakeable.wake();
  await sleeping;
});

it('does not sleep when it was woken before, but only once', async () => {
  const wakeable = new Wakeable();
  wakeable.wake();
  await wakeable.sleep(Infinity);
  let isAwake = false;
  const sleeping = wakeable.sleep(Infinity).then(() => (isAwake = true));
  await new Promise(setImmediate);
  expect(isAwake).toBe(false);
  wakeable.wake();
  await sleeping;
});

it('wakes by itself, at once when the time is over', async () => {
  const wakeable = new Wakeable();
  await wakeable.sleep(-1);
  await wakeable.sleep(1);
});
