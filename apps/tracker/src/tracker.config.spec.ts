import { describe, expect, it } from 'vitest';
import { CommandError } from './cli/command-error.js';
import { openAddresses, toTrackerConfig, type TrackerSettings } from './tracker.config.js';

const DEFAULTS: TrackerSettings = {
  host: '127.0.0.1',
  port: '7070',
  httpHost: '127.0.0.1',
  httpPort: '7071',
  data: '/data',
  userFolder: '/user',
  databaseUrl: undefined,
  lease: '60s',
  keepHistory: '30d',
  keepCompletions: 'forever',
  advertise: undefined,
  insecure: false,
};

describe('toTrackerConfig', () => {
  it('takes the defaults', () => {
    expect(toTrackerConfig(DEFAULTS)).toMatchObject({
      host: '127.0.0.1',
      port: 7070,
      httpPort: 7071,
      leaseMs: 60_000,
      keepHistoryMs: 30 * 86_400_000,
      keepCompletionsMs: null,
    });
  });

  it.each<[Partial<TrackerSettings>, string]>([
    [{ port: '65536' }, '--port (SHOAL_PORT)'],
    [{ port: 'seven' }, '--port (SHOAL_PORT)'],
    [{ port: '' }, '--port (SHOAL_PORT)'],
    [{ port: '1e3' }, '--port (SHOAL_PORT)'],
    [{ httpPort: '-1' }, '--http-port (SHOAL_HTTP_PORT)'],
    [{ host: 'a b' }, '--host (SHOAL_HOST)'],
    [{ host: '' }, '--host (SHOAL_HOST)'],
    [{ httpHost: 'http://x' }, '--http-host (SHOAL_HTTP_HOST)'],
    [{ lease: '60' }, '--lease (SHOAL_LEASE)'],
    [{ lease: '0s' }, '--lease (SHOAL_LEASE)'],
    [{ lease: '2d' }, '--lease (SHOAL_LEASE)'],
    [{ keepHistory: 'never' }, '--keep-history (SHOAL_KEEP_HISTORY)'],
    [{ keepHistory: '59m' }, '--keep-history (SHOAL_KEEP_HISTORY)'],
    [{ keepCompletions: '' }, '--keep-completions (SHOAL_KEEP_COMPLETIONS)'],
    [{ data: '' }, '--data (SHOAL_DATA)'],
    [{ advertise: 'host:port' }, '--advertise (SHOAL_ADVERTISE)'],
    [{ advertise: '' }, '--advertise (SHOAL_ADVERTISE)'],
    [{ databaseUrl: 'postgres://db/shoal' }, '--database-url (SHOAL_DATABASE_URL)'],
  ])('refuses %j and names the setting', (change, setting) => {
    const attempt = () => toTrackerConfig({ ...DEFAULTS, ...change });
    expect(attempt).toThrow(CommandError);
    expect(attempt).toThrow(setting);
  });

  it.each([
    ['tracker.example', { host: 'tracker.example', port: 0 }],
    ['tracker.example:99', { host: 'tracker.example', port: 99 }],
    ['[2001:db8::1]:99', { host: '2001:db8::1', port: 99 }],
    ['2001:db8::1', { host: '2001:db8::1', port: 0 }],
  ])('reads %s as an advertised address', (advertise, endpoint) => {
    expect(toTrackerConfig({ ...DEFAULTS, advertise }).advertise).toEqual(endpoint);
  });

  it('takes any address for the peers, who prove who they are, and warns of it with --insecure', () => {
    expect(toTrackerConfig({ ...DEFAULTS, host: '0.0.0.0' }).access).toBe('secured');
    expect(toTrackerConfig({ ...DEFAULTS, httpHost: '::' }).access).toBe('secured');
    const config = toTrackerConfig({ ...DEFAULTS, host: '0.0.0.0', insecure: true });
    expect(config.access).toBe('open');
    expect(openAddresses(config)).toEqual(['0.0.0.0']);
    expect(openAddresses(toTrackerConfig({ ...DEFAULTS, host: 'localhost' }))).toEqual([]);
  });
});
