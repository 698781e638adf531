import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { JoinDto } from '../peers/dto/join.dto.js';
import { ChunkRegisterDto } from '../swarm/dto/chunk-register.dto.js';
import { parsePayload } from './payload.pipe.js';

const caller = { peerId: `${'a'.repeat(32)}-bbbb`, session: '0'.repeat(32) };
const digest = `b3:${'0'.repeat(64)}`;
const join = {
  ...caller,
  apiVersions: [1],
  features: [],
  hostname: 'höst',
  programVersion: '1',
  os: 'linux',
  labels: ['rack=1'],
  endpoints: [{ host: '10.0.0.1', port: 7 }],
};

describe('parsePayload', () => {
  it('takes what is right', () => {
    expect(parsePayload(JoinDto, join)).toEqual(join);
    const ranges = { ...caller, files: [{ digest, ranges: [[0, 1]] }] };
    expect(parsePayload(ChunkRegisterDto, ranges)).toEqual(ranges);
  });

  it.each<[object, string]>([
    [{ ...join, colour: 'red' }, 'colour'],
    [{ ...join, hostname: undefined }, 'hostname'],
    [{ ...join, hostname: 'a\u0000b' }, 'hostname'],
    [{ ...join, hostname: 'x'.repeat(254) }, 'hostname'],
    [{ ...join, peerId: 'nobody' }, 'peerId'],
    [{ ...join, labels: Array.from({ length: 17 }, () => 'l') }, 'labels'],
    [{ ...join, labels: 'abc' }, 'labels'],
    [{ ...join, apiVersions: [] }, 'apiVersions'],
    [{ ...join, endpoints: [{ host: '10.0.0.1', port: 0 }] }, 'endpoints[0].port'],
    [{ ...join, endpoints: [{ host: 'a b', port: 1 }] }, 'endpoints[0].host'],
    [{ ...join, endpoints: [{ host: 'a', port: 1, via: 'x' }] }, 'endpoints[0].via'],
    [{ ...join, endpoints: [null] }, 'endpoints'],
    [{ ...join, endpoints: { length: 1 } }, 'endpoints'],
  ])('names the key that is wrong: %#', (payload, key) => {
    expect(() => parsePayload(JoinDto, payload)).toThrow(
      expect.objectContaining({
        code: 'INVALID_REQUEST',
        message: expect.stringContaining(key) as string,
      }),
    );
  });

  it.each([
    [[[0]]],
    [[[0, 1, 2]]],
    [[[-1, 0]]],
    [[[0, 1_048_576]]],
    [[['0', '1']]],
    ['all'],
    [[{}]],
  ])('refuses the ranges %j', (ranges) => {
    const payload = { ...caller, files: [{ digest, ranges }] };
    expect(() => parsePayload(ChunkRegisterDto, payload)).toThrow('files[0].ranges');
  });

  it.each([null, [], 'text', 7])('refuses %j', (payload) => {
    expect(() => parsePayload(JoinDto, payload)).toThrow('not an object');
  });

  it('refuses what is nested beyond reason', () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`) as unknown;
    expect(() => parsePayload(JoinDto, { ...join, labels: deep })).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    );
  });

  it('is not fooled by __proto__', () => {
    const payload = JSON.parse(`{"__proto__": {"admin": true}, "constructor": 1}`) as object;
    expect(() => parsePayload(JoinDto, { ...payload })).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    );
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });
});
