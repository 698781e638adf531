import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatEndpoint } from '#protocol';
import { PeerHome } from '../support/peer-home.js';
import { RawTracker, rawReply, type RawRequest } from '../support/raw-tracker.js';
import { writeSample } from '../support/sample-content.js';

/** Orders to a terminal, in every way that a text can carry them; and a way out of a folder. */
const HOSTILE = '../../up\u001b[2J\u001b]0;owned\u0007\u009b31m\u202egpj\r\nfake line\u2028\u007f';
const DIGEST = `b3:${'0'.repeat(64)}`;
const NOW = '2026-01-01T00:00:00.000Z';

const hostileFile = {
  name: HOSTILE,
  digest: DIGEST,
  sizeBytes: 5,
  chunkBytes: 262_144,
  chunkCount: 1,
  seeders: 1,
  leechers: 0,
  createdAt: NOW,
};

/** What a tracker answers that has nothing but hostile text to say. */
const REPLIES: Readonly<Record<string, unknown>> = {
  join: {
    apiVersion: 1,
    features: [HOSTILE],
    bootId: HOSTILE,
    leaseMs: 60_000,
    observedHost: HOSTILE,
  },
  register: { results: [{ ok: false, code: 'NAME_TAKEN', message: HOSTILE }] },
  list: { total: 1, files: [hostileFile], next: null },
  status: {
    name: HOSTILE,
    digest: DIGEST,
    hostsDone: 1,
    hostsTotal: 1,
    hosts: [
      {
        identity: HOSTILE,
        hostname: HOSTILE,
        peerId: HOSTILE,
        host: HOSTILE,
        chunksHeld: 1,
        chunkCount: 1,
        complete: true,
        online: true,
        lastSeenAt: HOSTILE,
      },
    ],
    next: null,
  },
};

describe('no command prints what a hostile tracker says as it is', () => {
  let answering: RawTracker;
  let refusing: RawTracker;
  beforeAll(async () => {
    const answer = ({ socket, id, pattern }: RawRequest) => {
      const response = REPLIES[pattern];
      const err = { code: 'INTERNAL', message: HOSTILE };
      socket.write(rawReply(id, response === undefined ? { err } : { response }));
    };
    answering = await RawTracker.listen(answer);
    refusing = await RawTracker.listen(({ socket, id }) => {
      socket.write(rawReply(id, { err: { code: HOSTILE, message: HOSTILE } }));
    });
  });
  afterAll(async () => {
    await answering[Symbol.asyncDispose]();
    await refusing[Symbol.asyncDispose]();
  });

  describe.each([
    ['answers', () => answering],
    ['refuses', () => refusing],
  ])('that %s', (_how, tracker) => {
    it.each([
      ['list', ['list']],
      ['list as JSON', ['list', '--json']],
      ['info', ['info', 'some']],
      ['status', ['status', 'some']],
      ['status as JSON', ['status', 'some', '--json']],
      ['download', ['download', 'some', '--timeout', '1s']],
      ['share', ['share', 'a.bin']],
      ['unshare', ['unshare', 'a.bin']],
      ['verify', ['verify', 'a.bin', 'some']],
    ])('%s', async (_command, args) => {
      await using home = await PeerHome.create(formatEndpoint(tracker().endpoint));
      await writeSample(home.file('a.bin'), 10, 1);
      const program = home.start(args);
      const heard = program.until(() => program.stdout + program.stderr !== '');
      heard.catch(() => undefined); // it may end first
      if (args[0] === 'share') await heard;
      else await program.ended();
      await program.kill();
      const printed = `${program.stdout}${program.stderr}`;
      expect(printed).not.toBe('');
      expect(printed.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(printed).not.toMatch(/^fake line/m);
    });
  });
});
