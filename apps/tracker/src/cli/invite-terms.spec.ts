import { describe, expect, it } from 'vitest';
import { CommandError } from './command-error.js';
import { parseInviteTerms, type InviteFlags } from './invite-terms.js';

const DEFAULTS: InviteFlags = { role: 'publisher', expires: 'never', uses: undefined, group: [] };
const NOW_MS = Date.UTC(2026, 0, 5);

describe('parseInviteTerms', () => {
  it('takes the defaults', () => {
    expect(parseInviteTerms(DEFAULTS, NOW_MS)).toEqual({
      role: 'publisher',
      groups: [],
      expiresAtMs: null,
      maxUses: null,
    });
  });

  it('counts the time from now, and each group once', () => {
    const flags = { role: 'reader', expires: '7d', uses: '3', group: ['b', 'a', 'b'] };
    expect(parseInviteTerms(flags, NOW_MS)).toEqual({
      role: 'reader',
      groups: ['a', 'b'],
      expiresAtMs: Date.UTC(2026, 0, 12),
      maxUses: 3,
    });
  });

  it.each<[Partial<InviteFlags>, string]>([
    [{ role: 'owner' }, '--role'],
    [{ expires: '0s' }, '--expires'],
    [{ expires: '7' }, '--expires'],
    [{ uses: '0' }, '--uses'],
    [{ uses: '1e3' }, '--uses'],
    [{ group: ['A'] }, '--group'],
    [{ group: [''] }, '--group'],
    [{ group: Array.from({ length: 17 }, (_, index) => `g${index}`) }, '--group'],
  ])('refuses %j and names the flag', (change, flag) => {
    const attempt = () => parseInviteTerms({ ...DEFAULTS, ...change }, NOW_MS);
    expect(attempt).toThrow(CommandError);
    expect(attempt).toThrow(flag);
  });
});
