import { expect, it } from 'vitest';
import { MAX_RETRY_AFTER_MS } from '#protocol';
import { DrainEstimate } from './drain-estimate.js';

it('follows what writes take, and stays between its limits', () => {
  const estimate = new DrainEstimate();
  const before = estimate.retryAfterMs(10_000);
  for (let batch = 0; batch < 50; batch += 1) estimate.note({ jobCount: 1_000, elapsedMs: 20 });
  const measured = estimate.retryAfterMs(10_000);
  expect(measured).toBeLessThan(before);
  expect(measured).toBeCloseTo(200, -1);
  expect(estimate.retryAfterMs(0)).toBe(100);
  estimate.note({ jobCount: 1, elapsedMs: 60_000 });
  expect(estimate.retryAfterMs(10_000)).toBe(MAX_RETRY_AFTER_MS);
});
