import { formatEndpoint, parseEndpoint } from './endpoint.js';
import { ProtocolError } from './errors.js';
import { parseIdentity, type Fingerprint } from './ids.js';
import { MAX_INVITE_CHARS, MAX_INVITE_TOKEN_CHARS, MIN_INVITE_TOKEN_CHARS } from './limits.js';
import type { Endpoint } from './tracker/tracker-api.js';

declare const secret: unique symbol;

/** Lower-case base32, 128 bits or more: whoever has it may join. Never printed but in an invite. */
export type InviteToken = string & { readonly [secret]: 'InviteToken' };

/** What a machine needs to join a network: where its tracker is, the right to, and whom to trust. */
export interface Invite {
  readonly tracker: Endpoint;
  readonly token: InviteToken;
  readonly fingerprint: Fingerprint;
}

/** In the user's data folder for Shoal (`$XDG_DATA_HOME/shoal`, else `~/.local/share/shoal`): the invite
 *  of the tracker that runs on this machine, left there for this user's peers. */
export const LOCAL_INVITE_FILE_NAME = 'tracker-invite';

type InvitePart = 'form' | 'endpoint' | 'token' | 'fingerprint';

const INVITE_PATTERN = /^shoal:\/\/([^/#?@\s]+)\/([^/#?\s]*)#(\S*)$/;
const TOKEN_PATTERN = /^[a-z2-7]+$/;

/**
 * Parses `shoal://HOST:PORT/TOKEN#FINGERPRINT`, an IPv6 host in brackets. Throws ProtocolError
 * INVALID_INVITE, whose details name the part that is wrong and quote nothing: the text is a secret.
 */
export function parseInvite(text: string): Invite {
  const match = text.length > MAX_INVITE_CHARS ? null : INVITE_PATTERN.exec(text);
  if (match === null) throw invalid('form');
  const [, endpoint = '', token = '', fingerprint = ''] = match;
  const tracker = part('endpoint', () => parseEndpoint(endpoint));
  if (tracker.port === 0) throw invalid('endpoint');
  return {
    tracker,
    token: parseInviteToken(token),
    fingerprint: part('fingerprint', () => parseIdentity(fingerprint)),
  };
}

export function formatInvite({ tracker, token, fingerprint }: Invite): string {
  return `shoal://${formatEndpoint(tracker)}/${token}#${fingerprint}`;
}

/** Throws ProtocolError INVALID_INVITE, which does not quote the text. */
export function parseInviteToken(text: string): InviteToken {
  const isLongEnough = text.length >= MIN_INVITE_TOKEN_CHARS;
  if (!isLongEnough || text.length > MAX_INVITE_TOKEN_CHARS || !TOKEN_PATTERN.test(text)) {
    throw invalid('token');
  }
  return text as InviteToken;
}

/** The cause would quote what it could not read, which may be a token in the wrong place. */
function part<T>(name: InvitePart, parse: () => T): T {
  try {
    return parse();
  } catch {
    throw invalid(name);
  }
}

function invalid(wrongPart: InvitePart): ProtocolError {
  return new ProtocolError('INVALID_INVITE', { part: wrongPart });
}
