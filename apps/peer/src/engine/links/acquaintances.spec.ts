import { describe, expect, it } from 'vitest';
import { Bitfield, parsePeerId } from '#protocol';
import { rawPeerId } from '../../../../../test/support/raw-peer.js';
import { sampleBytes } from '../../../../../test/support/sample-content.js';
import { manifestOf, SessionLab } from '../../../../../test/support/session-lab.js';
import { Acquaintances } from './acquaintances.js';
import { Transfer } from '../transfer/transfer.js';

const PEER = parsePeerId(rawPeerId('b'));
const nobody = () => false;

/** How long it is left alone after each of ten failures in a row, swept ever so often. */
function waits(known: Acquaintances): number[] {
  let nowMs = 0;
  return Array.from({ length: 10 }, () => {
    known.failed(PEER, nowMs);
    const waitMs = known.of(PEER).notBeforeMs - nowMs;
    nowMs += waitMs;
    known.forget(nowMs, nobody);
    return waitMs;
  });
}

describe('a peer that cannot be reached', () => {
  it('is left alone for longer each time, but never for long', () => {
    const waited = waits(new Acquaintances());
    expect(waited[0]).toBeLessThanOrEqual(500);
    expect(waited.at(-1)).toBeGreaterThanOrEqual(30_000);
    expect(Math.max(...waited)).toBeLessThanOrEqual(60_000);
  });

  it('is forgotten in the end', () => {
    const known = new Acquaintances();
    known.failed(PEER, 0);
    known.forget(60 * 60_000, nobody);
    expect([known.size, known.failedAttempts(PEER)]).toEqual([0, 0]);
  });

  it('takes no memory beyond a limit', () => {
    const known = new Acquaintances();
    for (let count = 0; count < 5_000; count += 1) {
      const end = count.toString(32).padStart(4, '0');
      known.failed(`${'a'.repeat(32)}-${end}` as typeof PEER, 0);
    }
    known.forget(1, nobody);
    expect(known.size).toBeLessThanOrEqual(4_096);
  });
});

describe('a peer that does not take part', () => {
  it('is asked again, later each time', async () => {
    await using lab = await SessionLab.open();
    const manifest = await manifestOf(sampleBytes(1, 1));
    const transfer = new Transfer(manifest, Bitfield.empty(1), undefined, lab.session.transferHost);
    const known = new Acquaintances();
    known.refused(PEER, transfer, 0);
    expect(known.isRefused(PEER, transfer, 1_000)).toBe(true);
    expect(known.isRefused(PEER, transfer, 3_000)).toBe(false);
    for (let count = 0; count < 5; count += 1) known.refused(PEER, transfer, 3_000);
    expect(known.isRefused(PEER, transfer, 30_000)).toBe(true);
    expect(known.isRefused(PEER, transfer, 63_000)).toBe(false);
    known.forget(200_000, nobody);
    expect(known.size).toBe(0);
  });
});
