import { expect, it } from 'vitest';
import { leadsToOwnLoopback } from './own-loopback.js';

it.each([
  ...['127.0.0.1', '127.1', '2130706433', '0x7f000001', '0.0.0.0', '0', 'LOCALHOST', 'localhost.'],
  ...['::', '::1', '::1%lo', '0:0:0:0:0:0:0:1', '::ffff:7f00:1', '::ffff:127.0.0.1', '::ffff:0:0'],
])('knows %s', (host) => expect(leadsToOwnLoopback(host)).toBe(true));

it.each([
  '128.0.0.1',
  '10.0.0.127',
  '127.0.0.1.example.org',
  'a_b',
  '::2',
  '::ffff:a00:1',
  'fe80::1%e',
])('is not taken in by %s', (host) => expect(leadsToOwnLoopback(host)).toBe(false));
