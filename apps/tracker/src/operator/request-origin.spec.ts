import { describe, expect, it } from 'vitest';
import { hostOfHeader, isForeignChange, isRebound } from './request-origin.js';

describe('the host that a request names', () => {
  it.each([
    ['localhost:7071', 'localhost'],
    ['LOCALHOST', 'localhost'],
    ['127.0.0.1:7071', '127.0.0.1'],
    ['[::1]:7071', '::1'],
    ['[::1]', '::1'],
    ['tracker.example.net:80', 'tracker.example.net'],
  ])('%s', (header, host) => expect(hostOfHeader(header)).toBe(host));

  it.each(['', ':', 'a b', 'localhost:7071:1', 'user@localhost', '[::1', 'localhost/'])(
    'none in %j',
    (header) => expect(hostOfHeader(header)).toBeUndefined(),
  );
});

describe('a request to loopback', () => {
  const rebound = (host: string | undefined, bound = '127.0.0.1') =>
    isRebound({ headers: { host } }, bound);

  it.each(['localhost:7071', '127.0.0.1', '127.1.2.3:80', '[::1]:7071', undefined])(
    'is one of this machine when it names %s',
    (host) => expect(rebound(host)).toBe(false),
  );

  it.each([
    'evil.example',
    '127.0.0.1.evil.example:7071',
    'localhost.evil.example',
    '10.0.0.1',
    '',
  ])('is one of a page from elsewhere when it names %j', (host) =>
    expect(rebound(host)).toBe(true),
  );

  it('may name what is listened on', () => {
    expect(rebound('Ops-Loopback:1', 'ops-loopback')).toBe(false);
  });
});

describe('a change that a page asks for', () => {
  const foreign = (method: string, origin: string | undefined) =>
    isForeignChange({ method, headers: { host: 'localhost:7071', origin } });

  it.each([
    ['POST', 'https://evil.example'],
    ['DELETE', 'null'],
    ['PUT', 'http://localhost:7072'],
    ['POST', ''],
  ])('%s is foreign from %j', (method, origin) => expect(foreign(method, origin)).toBe(true));

  it.each([
    ['POST', 'http://localhost:7071'],
    ['POST', 'https://localhost:7071'],
    ['POST', undefined],
    ['GET', 'https://evil.example'],
  ])('%s is not from %j', (method, origin) => expect(foreign(method, origin)).toBe(false));
});
