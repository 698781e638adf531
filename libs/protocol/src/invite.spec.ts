import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { formatInvite, parseInvite, parseInviteToken } from './invite.js';

const TOKEN = 'mfrggzdfmztwq2lknnwg23tpoa';
const FINGERPRINT = 'nqyqieti6rywbhdz6xznxtby4sskwl2n';

describe('parseInvite', () => {
  it.each([
    ['tracker.example.org:7070', 'tracker.example.org', 7070],
    ['127.0.0.1:1', '127.0.0.1', 1],
    ['[::1]:65535', '::1', 65_535],
    ['[fe80::1%eth0]:7070', 'fe80::1%eth0', 7070],
  ])('reads one of %s and writes it again', (endpoint, host, port) => {
    const text = `shoal://${endpoint}/${TOKEN}#${FINGERPRINT}`;
    const invite = parseInvite(text);
    expect(invite).toEqual({ tracker: { host, port }, token: TOKEN, fingerprint: FINGERPRINT });
    expect(formatInvite(invite)).toBe(text);
  });

  it.each([
    ['form', ''],
    ['form', 'tracker:7070'],
    ['form', `http://tracker:7070/${TOKEN}#${FINGERPRINT}`],
    ['form', `SHOAL://tracker:7070/${TOKEN}#${FINGERPRINT}`],
    ['form', ` shoal://tracker:7070/${TOKEN}#${FINGERPRINT}`],
    ['form', `shoal://tracker:7070/${TOKEN}#${FINGERPRINT}\n`],
    ['form', `shoal://tracker:7070/${TOKEN}`],
    ['form', `shoal://tracker:7070#${FINGERPRINT}`],
    ['form', `shoal:///${TOKEN}#${FINGERPRINT}`],
    ['form', `shoal://tracker:7070/a/${TOKEN}#${FINGERPRINT}`],
    ['form', `shoal://tracker:7070/${TOKEN}?a=b#${FINGERPRINT}`],
    ['form', `shoal://user@tracker:7070/${TOKEN}#${FINGERPRINT}`],
    ['form', `shoal://tracker:7070/${TOKEN}#${'a'.repeat(500)}`],
    ['endpoint', `shoal://tracker/${TOKEN}#${FINGERPRINT}`],
    ['endpoint', `shoal://tracker:0/${TOKEN}#${FINGERPRINT}`],
    ['endpoint', `shoal://tracker:65536/${TOKEN}#${FINGERPRINT}`],
    ['endpoint', `shoal://::1:7070/${TOKEN}#${FINGERPRINT}`],
    ['token', `shoal://tracker:7070/#${FINGERPRINT}`],
    ['token', `shoal://tracker:7070/${TOKEN.slice(1)}#${FINGERPRINT}`],
    ['token', `shoal://tracker:7070/${TOKEN.toUpperCase()}#${FINGERPRINT}`],
    ['token', `shoal://tracker:7070/${TOKEN}%20#${FINGERPRINT}`],
    ['token', `shoal://tracker:7070/${'a'.repeat(65)}#${FINGERPRINT}`],
    ['fingerprint', `shoal://tracker:7070/${TOKEN}#`],
    ['fingerprint', `shoal://tracker:7070/${TOKEN}#${FINGERPRINT.slice(1)}`],
    ['fingerprint', `shoal://tracker:7070/${TOKEN}##${FINGERPRINT.slice(1)}`],
  ])('says that the %s of %j is wrong', (part, text) => {
    expect(() => parseInvite(text)).toThrow(
      expect.objectContaining({ code: 'INVALID_INVITE', details: { part } }),
    );
  });

  it('never quotes the token, wherever it stands', () => {
    const texts = [
      `shoal://${TOKEN}/tracker:7070#${FINGERPRINT}`,
      `shoal://tracker:7070/${FINGERPRINT}#${TOKEN}`,
      `shoal://tracker:7070/${TOKEN}`,
      `shoal://tracker:7070/${TOKEN}!#${FINGERPRINT}`,
      TOKEN,
    ];
    const errors = texts.map((text) => {
      try {
        return parseInvite(text);
      } catch (error) {
        return error;
      }
    });
    for (const error of errors) {
      expect(error).toBeInstanceOf(Error);
      expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain(TOKEN);
    }
  });
});

describe('parseInviteToken', () => {
  it('wants 128 bits at least', () => {
    expect(parseInviteToken(TOKEN)).toBe(TOKEN);
    expect(() => parseInviteToken(TOKEN.slice(1))).toThrow(
      expect.objectContaining({ code: 'INVALID_INVITE' }),
    );
  });
});
