import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ProtocolError } from './errors.js';
import { parseIdentity } from './ids.js';
import { formatInvite, parseInvite, parseInviteToken } from './invite.js';

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

const base32 = (minLength: number, maxLength: number) =>
  fc
    .array(fc.integer({ min: 0, max: 31 }), { minLength, maxLength })
    .map((values) => values.map((value) => BASE32.charAt(value)).join(''));

const invites = fc.record({
  tracker: fc.record({
    host: fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain()),
    port: fc.integer({ min: 1, max: 65_535 }),
  }),
  token: base32(26, 64).map(parseInviteToken),
  fingerprint: base32(32, 32).map(parseIdentity),
});

it('reads what it writes', () => {
  fc.assert(
    fc.property(invites, (invite) => {
      expect(parseInvite(formatInvite(invite))).toEqual(invite);
    }),
  );
});

it('reads or refuses, and throws nothing else', () => {
  const spoiled = fc
    .tuple(invites.map(formatInvite), fc.nat(), fc.string({ unit: 'binary', maxLength: 3 }))
    .map(([text, at, change]) => {
      const index = at % text.length;
      return text.slice(0, index) + change + text.slice(index + 1);
    });
  fc.assert(
    fc.property(fc.oneof(spoiled, fc.string({ unit: 'binary' })), (text) => {
      try {
        expect(parseInvite(text).tracker.port).toBeGreaterThan(0);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
        expect(error).toMatchObject({ code: 'INVALID_INVITE' });
      }
    }),
    { numRuns: 1_000 },
  );
});
