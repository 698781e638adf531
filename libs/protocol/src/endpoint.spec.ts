import { describe, expect, it } from 'vitest';
import { formatEndpoint, isLoopbackHost, parseEndpoint } from './endpoint.js';

describe('parseEndpoint', () => {
  it.each([
    ['127.0.0.1:7070', '127.0.0.1', 7070],
    ['0.0.0.0:0', '0.0.0.0', 0],
    ['tracker.example.org:65535', 'tracker.example.org', 65_535],
    ['tracker.example.org.:1', 'tracker.example.org.', 1],
    ['build-7:80', 'build-7', 80],
    ['my_tracker_1:7070', 'my_tracker_1', 7070],
    ['[::1]:7070', '::1', 7070],
    ['[fe80::1%eth0]:7070', 'fe80::1%eth0', 7070],
    ['[::ffff:10.0.0.1]:7070', '::ffff:10.0.0.1', 7070],
  ])('reads %s and writes it again', (text, host, port) => {
    expect(parseEndpoint(text)).toEqual({ host, port });
    expect(formatEndpoint({ host, port })).toBe(text);
  });

  it.each([
    '',
    'localhost',
    ':7070',
    'localhost:',
    'localhost:-1',
    'localhost:65536',
    'localhost:123456',
    'localhost:7070 ',
    ' localhost:7070',
    'local host:7070',
    'localhost:7070\n',
    'localhost:0x50',
    '::1:7070',
    '[]:7070',
    '[localhost]:7070',
    '[abc]:7070',
    '[::1]7070',
    '[::1',
    '[::1%]:7070',
    '-tracker:7070',
    'tracker-:7070',
    'shoal://tracker:7070',
    'user@tracker:7070',
    `${'a'.repeat(254)}:7070`,
  ])('refuses %j', (text) => {
    expect(() => parseEndpoint(text)).toThrow(
      expect.objectContaining({ code: 'INVALID_ENDPOINT' }),
    );
  });
});

describe('isLoopbackHost', () => {
  it.each(['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1', 'localhost', 'LOCALHOST'])(
    'knows %s',
    (host) => expect(isLoopbackHost(host)).toBe(true),
  );

  it.each(['', '0.0.0.0', '128.0.0.1', '10.0.0.127', '::', '127.0.0.1.example.org', 'localhost.x'])(
    'is not taken in by %j',
    (host) => expect(isLoopbackHost(host)).toBe(false),
  );
});
