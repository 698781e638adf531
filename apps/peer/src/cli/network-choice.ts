import { formatEndpoint, parseInvite, ProtocolError, type Endpoint, type Invite } from '#protocol';
import { TransferError } from '../core/transfer-error.js';
import type { KnownNetworks, RememberedNetwork } from '../engine/membership/known-networks.js';
import type {
  NetworkAccess,
  OpenAccess,
  PinnedAccess,
} from '../engine/membership/network-access.js';
import { toEndpoint } from './value-flags.js';

const DEFAULT_OPEN_TRACKER = '127.0.0.1:7070';
const INVITE_SCHEME = 'shoal://';
const HOW_TO_JOIN = `paste the invite that its "tracker start" printed: peer join ${INVITE_SCHEME}…`;

/** What flag, environment or configuration file say about the network. */
export interface NetworkWish {
  /** `HOST:PORT` and invites, separated by commas; undefined where nothing is said. */
  readonly tracker: string | undefined;
  readonly mode: NetworkAccess['mode'];
  readonly offlineGraceMs: number;
}

/** Which network to use, and how: what is said, else what was joined last, else what a tracker of
 *  this machine has left for its user. Throws TransferError USAGE when nothing of that is there or
 *  it does not fit together, NOT_A_MEMBER for an address whose network was not joined,
 *  INVALID_INVITE, and what `known` throws. */
export function chooseNetwork(wish: NetworkWish, known: KnownNetworks): NetworkAccess {
  const parts = wish.tracker?.split(',').map((part) => part.trim());
  if (wish.mode === 'open') return openAccess(parts ?? [DEFAULT_OPEN_TRACKER]);
  const { offlineGraceMs } = wish;
  if (parts !== undefined) return { ...pinnedAccess(parts, known), offlineGraceMs };
  const joined = known.remembered().at(-1);
  if (joined !== undefined) return { ...accessOf(joined), offlineGraceMs };
  const pointer = known.pointer();
  if (pointer !== undefined) return { ...accessOf(toNetwork(pointer)), offlineGraceMs };
  const message =
    'there is no tracker to ask: this home has joined no network, and no tracker was started here ' +
    `by this user. On the machine of the tracker: tracker start. Here: ${HOW_TO_JOIN}`;
  throw new TransferError('USAGE', message);
}

/** The invite in `text`. Throws TransferError USAGE for what is none, and INVALID_INVITE for one
 *  whose token or fingerprint cannot be right; neither quotes it. */
export function toInvite(text: string): Invite {
  try {
    return parseInvite(text);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const { part } = error.details;
    if (part === 'token' || part === 'fingerprint') {
      const message = `the ${part} in the invite is not one: was all of the invite copied?`;
      throw new TransferError('INVALID_INVITE', message);
    }
    const message = `that is no invite: one is ${INVITE_SCHEME} and then an address, a token and a fingerprint`;
    throw new TransferError('USAGE', message);
  }
}

function openAccess(parts: readonly string[]): OpenAccess {
  if (parts.some(isInvite)) {
    const message = 'an invite is for an encrypted network: leave --insecure (SHOAL_INSECURE) out';
    throw new TransferError('USAGE', message);
  }
  return { mode: 'open', trackers: parts.map(toEndpoint) };
}

type Network = Pick<RememberedNetwork, 'trackers' | 'fingerprint' | 'token'>;

/** Addresses beside an invite are further trackers of its network: each must prove to have its key. */
function pinnedAccess(
  parts: readonly string[],
  known: KnownNetworks,
): Omit<PinnedAccess, 'offlineGraceMs'> {
  const invites = parts.filter(isInvite).map((part) => toNetwork(toInvite(part)));
  const addresses = parts.filter((part) => !isInvite(part)).map(toEndpoint);
  const remembered = invites.length === 0 ? known.remembered() : [];
  const networks =
    invites.length === 0 ? addresses.map((address) => networkAt(address, remembered)) : invites;
  const [first] = networks;
  if (networks.some(({ fingerprint }) => fingerprint !== first!.fingerprint)) {
    throw new TransferError(
      'USAGE',
      'the trackers belong to different networks: name those of one',
    );
  }
  const trackers = parts.map((part) => {
    return isInvite(part) ? toInvite(part).tracker : toEndpoint(part);
  });
  return accessOf({ ...first!, trackers });
}

function networkAt(address: Endpoint, remembered: readonly RememberedNetwork[]): Network {
  const where = formatEndpoint(address).toLowerCase();
  const found = remembered.findLast(({ trackers }) =>
    trackers.some((tracker) => formatEndpoint(tracker).toLowerCase() === where),
  );
  if (found !== undefined) return found;
  const message = `this home is not a member of the network at ${where}: ${HOW_TO_JOIN} (a tracker that was started with --insecure takes --insecure here, too)`;
  throw new TransferError('NOT_A_MEMBER', message);
}

function accessOf({ trackers, fingerprint, token }: Network): Omit<PinnedAccess, 'offlineGraceMs'> {
  return { mode: 'pinned', trackers, fingerprint, token };
}

function toNetwork({ tracker, fingerprint, token }: Invite): Network {
  return { trackers: [tracker], fingerprint, token };
}

function isInvite(text: string): boolean {
  return text.startsWith(INVITE_SCHEME);
}
