import { expect, it } from 'vitest';
import { SendWindow } from './send-window.js';

const KIB = 1024;
const FIRST_BYTES = 256 * KIB;

/** A turn in which the whole window is written, of which the system takes nothing at once. */
function fill(window: SendWindow, entry: { nowMs: number; drainedAtMs: number }): void {
  const { bytes } = window;
  window.wrote({ bytes, unsentBytes: bytes, nowMs: entry.nowMs });
  window.drained(entry.drainedAtMs);
}

it('doubles, up to a cap, while what waits leaves quickly', () => {
  const window = new SendWindow();
  const seen: number[] = [];
  for (let turn = 0; turn < 5; turn += 1) {
    fill(window, { nowMs: turn * 100, drainedAtMs: turn * 100 + 5 });
    seen.push(window.bytes / KIB);
  }
  expect(seen).toEqual([512, 1024, 2048, 2048, 2048]);
});

it('doubles when the system takes a good part of the window at once, not for a short message', () => {
  const window = new SendWindow();
  window.wrote({ bytes: 20, unsentBytes: 0, nowMs: 0 });
  expect(window.bytes).toBe(FIRST_BYTES);
  window.wrote({ bytes: FIRST_BYTES, unsentBytes: 0, nowMs: 1 });
  expect(window.bytes).toBe(2 * FIRST_BYTES);
});

it('halves, down to a floor, while what waits leaves slowly', () => {
  const window = new SendWindow();
  const seen: number[] = [];
  for (let turn = 0; turn < 4; turn += 1) {
    fill(window, { nowMs: turn * 1_000, drainedAtMs: turn * 1_000 + 200 });
    seen.push(window.bytes / KIB);
  }
  expect(seen).toEqual([128, 64, 64, 64]);
});

it('counts from the first byte that had to wait', () => {
  const window = new SendWindow();
  window.wrote({ bytes: 1, unsentBytes: 1, nowMs: 0 });
  window.wrote({ bytes: 1, unsentBytes: 2, nowMs: 90 });
  window.drained(100);
  expect(window.bytes).toBe(FIRST_BYTES / 2);
  window.drained(5_000);
  expect(window.bytes).toBe(FIRST_BYTES / 2);
});
