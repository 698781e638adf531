import { describe, expect, it } from 'vitest';
import { parseInviteToken } from '#protocol';
import { hashToken, isTokenOf, newInviteToken, type TokenHash } from './stored-token.js';

describe('newInviteToken', () => {
  it('is a token that does not come twice', () => {
    const tokens = Array.from({ length: 20 }, () => newInviteToken());
    for (const token of tokens) expect(parseInviteToken(token)).toBe(token);
    expect(new Set(tokens).size).toBe(20);
  });
});

describe('hashToken', () => {
  it('does not show the token, and never changes', () => {
    const token = parseInviteToken('mfrggzdfmztwq2lknnwg23tpoa');
    expect(hashToken(token)).toMatch(/^[0-9a-f]{64}$/);
    expect(hashToken(token)).toBe(hashToken(token));
    expect(hashToken(newInviteToken())).not.toBe(hashToken(token));
  });
});

describe('isTokenOf', () => {
  it('knows the token by its hash, and no other', () => {
    const token = newInviteToken();
    const stored = hashToken(token);
    expect(isTokenOf(token, stored)).toBe(true);
    expect(isTokenOf(newInviteToken(), stored)).toBe(false);
    expect(isTokenOf(token, hashToken(newInviteToken()))).toBe(false);
  });

  it.each(['', 'no hash', 'ab'])('takes no token for %j', (stored) => {
    expect(isTokenOf(newInviteToken(), stored as TokenHash)).toBe(false);
  });
});
