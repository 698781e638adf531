import { expect, it } from 'vitest';
import { TokenBucket } from '../../core/token-bucket.js';
import { RateGate } from './rate-gate.js';

const gateOf = (bytesPerSecond: number) =>
  new RateGate(new TokenBucket({ bytesPerSecond, burstBytes: 100 }));

it('lets bytes through until the rate is used up, then calls', async () => {
  const gate = gateOf(10_000);
  await gate.pass(100);
  await new Promise<void>((wake) => {
    expect(gate.tryPass(50, wake)).toBe(false);
  });
  expect(gate.tryPass(50, () => undefined)).toBe(true);
  gate.close();
});

it('lets what was given back through again', () => {
  const gate = gateOf(1);
  expect(gate.tryPass(100, () => undefined)).toBe(true);
  gate.giveBack(60);
  expect(gate.tryPass(60, () => undefined)).toBe(true);
  expect(gate.tryPass(60, () => undefined)).toBe(false);
  gate.close();
});

it('holds nobody back once it is closed', async () => {
  const gate = gateOf(0.001);
  const passed = [gate.pass(100), gate.pass(100), gate.pass(100)];
  await passed[0];
  gate.close();
  await Promise.all(passed);
  await gate.pass(1_000_000);
});
