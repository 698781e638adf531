import { once } from 'node:events';
import { connect } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AbuseStage } from '../support/abuse-stage.js';
import { eventually } from '../support/eventually.js';
import { noise, Strangers, written, type Connect } from '../support/strangers.js';
import { newTlsIdentity, type NamedTlsIdentity } from '../support/tls-identity.js';

const IDLE_COUNT = 5_000;
/** More than may wait to prove membership. */
const PROVEN_COUNT = 600;

const request = (pattern: string, data: unknown) => {
  const json = JSON.stringify({ pattern, data, id: '1' });
  return Buffer.from(`${json.length}#${json}`);
};
const times = (count: number) => Array.from({ length: count });
const untilAborted = async (signal: AbortSignal) => {
  if (!signal.aborted) await once(signal, 'abort');
};

/** A ClientHello without its end. */
const HALF_HELLO = Buffer.from('16030102000100', 'hex');

let stage: AbuseStage;
let who: NamedTlsIdentity;

/** Proves to be somebody, who is no member. */
const provenTo =
  (protocol: string): Connect =>
  (endpoint) => {
    const { keyPem: key, certificatePem: cert } = who;
    const options = { ...endpoint, key, cert, rejectUnauthorized: false } as const;
    return connect({ ...options, minVersion: 'TLSv1.3', ALPNProtocols: [protocol] });
  };

beforeAll(async () => {
  who = await newTlsIdentity();
  stage = await AbuseStage.open({ access: 'secured' });
});
afterEach(async () => {
  const { tracker, seeder } = await stage.memory();
  expect([tracker < 1, seeder < 1]).toEqual([true, true]);
});
afterAll(() => stage[Symbol.asyncDispose]());

describe.each([
  ["the tracker's", 'shoal-tracker/1', () => stage.tracker.address],
  ["a peer's", 'shoal/1', () => stage.endpoint],
] as const)('members go on, at %s port,', (_whose, protocol, endpoint) => {
  it('while 5,000 strangers are connected and say nothing', async () => {
    await using strangers = new Strangers(endpoint());
    await strangers.dialMany(IDLE_COUNT);
    await stage.transferDuring(untilAborted);
    await eventually(() => {
      expect(strangers.count).toBe(0);
    });
  });

  it('while handshakes are begun without end', async () => {
    await using strangers = new Strangers(endpoint());
    const beginning = () => HALF_HELLO;
    await stage.transferDuring((signal) => strangers.knock({ signal, beginning }));
  });

  it('while strangers send random bytes without end', async () => {
    await using strangers = new Strangers(endpoint());
    const bytes = noise(64 * 1024);
    await stage.transferDuring(async (signal) => {
      await Promise.all(times(8).map(() => strangers.flood(() => bytes, { signal })));
    });
  });

  it('while strangers prove who they are, and nothing more, without end', async () => {
    await using strangers = new Strangers(endpoint(), provenTo(protocol));
    await stage.transferDuring((signal) => strangers.knock({ signal }));
  });

  it('while strangers who have proven who they are send random bytes without end', async () => {
    await using strangers = new Strangers(endpoint(), provenTo(protocol));
    const bytes = noise(64 * 1024);
    await stage.transferDuring(async (signal) => {
      await Promise.all(times(8).map(() => strangers.flood(() => bytes, { signal })));
    });
  });
});

it('keeps no connection of those who try tokens', async () => {
  await using strangers = new Strangers(stage.tracker.address, provenTo('shoal-tracker/1'));
  const guess = request('enrol', { token: 'a'.repeat(26), hostname: 'guesser' });
  await stage.transferDuring(async (signal) => {
    for (let count = 0; count < PROVEN_COUNT && !signal.aborted; count += 1) {
      const socket = await strangers.dial();
      await written(socket, guess);
    }
    await untilAborted(signal);
  });
  await eventually(() => {
    expect(strangers.count).toBe(0);
  });
});
