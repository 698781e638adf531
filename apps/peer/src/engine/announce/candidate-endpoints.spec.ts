import { expect, it } from 'vitest';
import { isLoopbackHost, MAX_ENDPOINT_COUNT } from '#protocol';
import { candidateEndpoints } from './candidate-endpoints.js';

it('is what the operator advertises, with our port where none is said', () => {
  const listening = { host: '0.0.0.0', port: 7 };
  expect(candidateEndpoints(listening, { host: 'nat.example', port: 9 })).toEqual([
    { host: 'nat.example', port: 9 },
  ]);
  expect(candidateEndpoints(listening, { host: 'nat.example', port: 0 })).toEqual([
    { host: 'nat.example', port: 7 },
  ]);
});

it('is the listening address where there is one', () => {
  const listening = { host: '127.0.0.1', port: 7 };
  expect(candidateEndpoints(listening)).toEqual([listening]);
});

it.each(['0.0.0.0', '::'])('is every address of this machine for %s, loopback last', (host) => {
  const found = candidateEndpoints({ host, port: 7 });
  expect(found.length).toBeGreaterThan(0);
  expect(found.length).toBeLessThanOrEqual(MAX_ENDPOINT_COUNT);
  const isLoopback = found.map((endpoint) => isLoopbackHost(endpoint.host));
  expect(isLoopback).toEqual([...isLoopback].sort((a, b) => Number(a) - Number(b)));
  if (host === '0.0.0.0')
    expect(found.filter((endpoint) => endpoint.host.includes(':'))).toEqual([]);
});
