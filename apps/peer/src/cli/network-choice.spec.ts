import { describe, expect, it } from 'vitest';
import { formatInvite, parseIdentity, parseInviteToken, type Invite } from '#protocol';
import type { KnownNetworks, RememberedNetwork } from '../engine/membership/known-networks.js';
import { chooseNetwork } from './network-choice.js';

const TOKEN = parseInviteToken('t'.repeat(26));
const inviteTo = (host: string, letter: string): Invite => ({
  tracker: { host, port: 7070 },
  token: TOKEN,
  fingerprint: parseIdentity(letter.repeat(32)),
});
const rememberedAs = (...invites: readonly Invite[]): RememberedNetwork[] =>
  invites.map(({ tracker, token, fingerprint }) => {
    const joinedAt = '2026-01-02T03:04:05.678Z';
    return { trackers: [tracker], token, fingerprint, key: 'key', joinedAt };
  });

const FIRST = inviteTo('10.0.0.5', 'a');
const SECOND = inviteTo('tracker.lan', 'b');
const POINTER = inviteTo('127.0.0.1', 'p');

const unasked = (): never => {
  throw new Error('there is no reason to look this up');
};
const NOTHING: KnownNetworks = { remembered: () => [], pointer: () => undefined };
const known = (about: Partial<KnownNetworks>): KnownNetworks => {
  return { remembered: unasked, pointer: unasked, ...about };
};

const offlineGraceMs = 3_600_000;
const choose = (tracker: string | undefined, about: KnownNetworks) =>
  chooseNetwork({ tracker, mode: 'pinned', offlineGraceMs }, about);
const pinned = ({ tracker, ...secrets }: Invite) => {
  return { mode: 'pinned', trackers: [tracker], ...secrets, offlineGraceMs };
};
const refusal = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error;

describe('a network that is said', () => {
  it('is that of an invite, and nothing else is looked up', () => {
    expect(choose(formatInvite(FIRST), known({}))).toEqual(pinned(FIRST));
  });

  it('is the one that was joined at an address', () => {
    const about = known({ remembered: () => rememberedAs(FIRST, SECOND) });
    expect(choose('10.0.0.5:7070', about)).toEqual(pinned(FIRST));
    expect(choose('Tracker.LAN:7070', about)).toMatchObject({ fingerprint: SECOND.fingerprint });
  });

  it('is the latest of those that were joined at one address', () => {
    const again = { ...SECOND, tracker: FIRST.tracker };
    const about = known({ remembered: () => rememberedAs(FIRST, again) });
    expect(choose('10.0.0.5:7070', about)).toEqual(pinned(again));
  });

  it('is refused when it was not joined, with what to do', () => {
    const about = known({ remembered: () => rememberedAs(FIRST) });
    const error = refusal('NOT_A_MEMBER', /10\.0\.0\.6:7070.* peer join shoal:\/\/…/);
    expect(() => choose('10.0.0.6:7070', about)).toThrow(error);
    expect(() => choose('127.0.0.1:7070', known({ remembered: () => [] }))).toThrow(
      refusal('NOT_A_MEMBER', /127\.0\.0\.1:7070/),
    );
  });

  it('may have several trackers, tried in the order given', () => {
    const other = { ...FIRST, tracker: { host: '10.0.0.6', port: 7070 } };
    const trackers = [other.tracker, FIRST.tracker];
    const text = `${formatInvite(other)}, ${formatInvite(FIRST)}`;
    expect(choose(text, known({}))).toEqual({ ...pinned(FIRST), trackers });
    const besideInvite = `10.0.0.6:7070,${formatInvite(FIRST)}`;
    expect(choose(besideInvite, known({}))).toEqual({ ...pinned(FIRST), trackers });
  });

  it('is one', () => {
    const about = known({ remembered: () => rememberedAs(FIRST, SECOND) });
    const error = refusal('USAGE', /different networks/);
    expect(() => choose(`${formatInvite(FIRST)},${formatInvite(SECOND)}`, about)).toThrow(error);
    expect(() => choose('10.0.0.5:7070,tracker.lan:7070', about)).toThrow(error);
  });

  it('is neither joined nor quoted when the invite cannot be right', () => {
    const whole = formatInvite(FIRST);
    const wrong: readonly (readonly [string, string])[] = [
      [whole.replace(TOKEN, 'short'), 'INVALID_INVITE'],
      [whole.slice(0, -1), 'INVALID_INVITE'],
      [whole.replace(/#.*/, ''), 'USAGE'],
      [whole.replace(':7070', ''), 'USAGE'],
      [`//10.0.0.5:7070/${TOKEN}`, 'USAGE'],
    ];
    for (const [text, code] of wrong) {
      expect(() => choose(text, NOTHING)).toThrow(refusal(code, /^(?!.*(ttt|aaa|short)).*$/));
    }
  });
});

describe('a network that is not said', () => {
  it('is the one joined last', () => {
    const about = known({ remembered: () => rememberedAs(FIRST, SECOND) });
    expect(choose(undefined, about)).toEqual(pinned(SECOND));
  });

  it('is that of a tracker of this machine when none was joined', () => {
    const about = known({ remembered: () => [], pointer: () => POINTER });
    expect(choose(undefined, about)).toEqual(pinned(POINTER));
  });

  it('is wrong usage when there is none, with what to do', () => {
    const error = refusal('USAGE', /tracker start\. Here: .*peer join shoal:\/\/…/);
    expect(() => choose(undefined, NOTHING)).toThrow(error);
  });
});

describe('without encryption', () => {
  const open = (tracker: string | undefined) =>
    chooseNetwork({ tracker, mode: 'open', offlineGraceMs }, known({}));

  it('a tracker is an address, on this machine unless it is said', () => {
    const trackers = [{ host: '127.0.0.1', port: 7070 }];
    expect(open(undefined)).toEqual({ mode: 'open', trackers });
    expect(open('10.0.0.5:7070, [fe80::1]:7071')).toEqual({
      mode: 'open',
      trackers: [FIRST.tracker, { host: 'fe80::1', port: 7071 }],
    });
  });

  it('an invite is wrong usage', () => {
    expect(() => open(formatInvite(FIRST))).toThrow(refusal('USAGE', /--insecure/));
  });
});
