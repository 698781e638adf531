import { describe, expect, it } from 'vitest';
import { isRole, parseGroup } from './membership.js';

describe('parseGroup', () => {
  it.each(['a', '7', 'ml-team', 'build.nightly_2', 'x'.repeat(64)])('takes %s', (text) => {
    expect(parseGroup(text)).toBe(text);
  });

  it.each(['', 'Team', '-a', 'a-', '.', 'a b', 'a\n', 'ä', 'a/b', 'x'.repeat(65)])(
    'refuses %j',
    (text) => {
      expect(() => parseGroup(text)).toThrow(expect.objectContaining({ code: 'INVALID_GROUP' }));
    },
  );
});

describe('isRole', () => {
  it('knows three', () => {
    expect(['reader', 'publisher', 'admin'].every(isRole)).toBe(true);
    expect(['', 'Reader', 'root', 0, null, undefined, ['reader']].some(isRole)).toBe(false);
  });
});
