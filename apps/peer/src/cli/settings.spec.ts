import { describe, expect, it } from 'vitest';
import { formatInvite, parseIdentity, parseInviteToken } from '#protocol';
import type { KnownNetworks } from '../engine/membership/known-networks.js';
import { resolveSettings, type SettingFlags } from './settings.js';

const INVITE = formatInvite({
  tracker: { host: '10.0.0.5', port: 7070 },
  token: parseInviteToken('t'.repeat(26)),
  fingerprint: parseIdentity('a'.repeat(32)),
});
const NOTHING: KnownNetworks = { remembered: () => [], pointer: () => undefined };

const settings = (flags: SettingFlags, file: Record<string, unknown> = {}) =>
  resolveSettings(flags, file, NOTHING);

describe('where others may connect', () => {
  it('is everywhere once they have to prove who they are, else this machine', () => {
    expect(settings({ tracker: INVITE }).listen).toEqual({ host: '0.0.0.0', port: 0 });
    expect(settings({ insecure: true }).listen).toEqual({ host: '127.0.0.1', port: 0 });
  });

  it('is what is said, wherever that reaches', () => {
    const listen = { host: '10.0.0.6', port: 7080 };
    expect(settings({ insecure: true, listen }).listen).toEqual(listen);
    expect(settings({ insecure: true }, { listen: '10.0.0.6:7080' }).listen).toEqual(listen);
  });
});

describe('encryption', () => {
  it('is there unless it is said otherwise', () => {
    expect(settings({}, { tracker: INVITE }).network.mode).toBe('pinned');
    expect(settings({}, { insecure: true }).network.mode).toBe('open');
    expect(settings({ insecure: false }, { insecure: true, tracker: INVITE }).network.mode).toBe(
      'pinned',
    );
  });

  it('does not come and go with the address', () => {
    expect(() => settings({ tracker: '127.0.0.1:7070' })).toThrow(
      expect.objectContaining({ code: 'NOT_A_MEMBER' }) as Error,
    );
  });
});

describe('how long memberships are taken after their end', () => {
  const graceMs = (flags: SettingFlags, file: Record<string, unknown> = {}) => {
    const { network } = settings({ tracker: INVITE, ...flags }, file);
    return network.mode === 'pinned' ? network.offlineGraceMs : undefined;
  };

  it('is an hour, or what is said', () => {
    expect(graceMs({})).toBe(3_600_000);
    expect(graceMs({}, { 'offline-grace': '5m' })).toBe(300_000);
    expect(graceMs({}, { 'offline-grace': '0' })).toBe(0);
    expect(graceMs({ 'offline-grace': 1_000 }, { 'offline-grace': '5m' })).toBe(1_000);
  });

  it('has a unit', () => {
    expect(() => graceMs({}, { 'offline-grace': '5' })).toThrow(/config\.json: "offline-grace"/);
  });
});

it('refuses what no setting is called, before anything else', () => {
  expect(() => settings({ tracker: INVITE }, { trackers: INVITE })).toThrow(
    /there is no setting "trackers"/,
  );
});
