import type { PeerId } from '#protocol';
import { expect, test } from 'vitest';
import { BanLedger } from './ban-ledger.js';

const peerId = 'mallory' as PeerId;
const code = 'CHUNK_HASH_MISMATCH';
const MINUTE_MS = 60_000;

test('three strikes within ten minutes are a ban for an hour', () => {
  const bans = new BanLedger();
  expect(bans.strike({ peerId, code, nowMs: 0 })).toBe('struck');
  expect(bans.strike({ peerId, code, nowMs: 1 })).toBe('struck');
  expect(bans.isBanned({ peerId, nowMs: 1 })).toBe(false);
  expect(bans.strike({ peerId, code, nowMs: 2 })).toBe('banned');
  expect(bans.isBanned({ peerId, nowMs: 60 * MINUTE_MS + 1 })).toBe(true);
  expect(bans.isBanned({ peerId, nowMs: 60 * MINUTE_MS + 2 })).toBe(false);
  expect(bans.lastCode(peerId)).toBe(code);
});

test('old strikes no longer count', () => {
  const bans = new BanLedger();
  for (let nth = 0; nth < 10; nth += 1) {
    expect(bans.strike({ peerId, code, nowMs: nth * 6 * MINUTE_MS })).toBe('struck');
  }
});

test('a strike during a ban starts the ban anew', () => {
  const bans = new BanLedger({ maxStrikeCount: 1, banMs: 100 });
  expect(bans.strike({ peerId, code, nowMs: 0 })).toBe('banned');
  expect(bans.strike({ peerId, code, nowMs: 50 })).toBe('banned');
  expect(bans.isBanned({ peerId, nowMs: 149 })).toBe(true);
});

test('the peer struck longest ago is forgotten first', () => {
  const bans = new BanLedger({ maxStrikeCount: 1, maxPeerCount: 2 });
  const [first, second, third] = ['1', '2', '3'] as [PeerId, PeerId, PeerId];
  for (const other of [first, second, first, third]) bans.strike({ peerId: other, code, nowMs: 0 });
  expect(bans.peerCount).toBe(2);
  expect(bans.isBanned({ peerId: second, nowMs: 1 })).toBe(false);
  expect(bans.isBanned({ peerId: first, nowMs: 1 })).toBe(true);
});

test('a ban is for all peer ids of an identity where those are proven, and for one elsewhere', () => {
  const [first, other] = ['aaaa', 'bbbb'].map((end) => `${'m'.repeat(32)}-${end}` as PeerId);
  const somebodyElse = `${'n'.repeat(32)}-aaaa` as PeerId;
  for (const by of ['identity', 'peerId'] as const) {
    const bans = new BanLedger({ maxStrikeCount: 1, by });
    bans.strike({ peerId: first!, code, nowMs: 0 });
    expect(bans.isBanned({ peerId: other!, nowMs: 1 })).toBe(by === 'identity');
    expect(bans.isBanned({ peerId: somebodyElse, nowMs: 1 })).toBe(false);
  }
});
