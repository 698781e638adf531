import { formatEndpoint, TrackerError, type Endpoint, type TrackerCode } from '#protocol';
import { TransferError, type TransferCode } from '../core/transfer-error.js';

/** What a tracker says of who is no member, or of an invite; and what to do. */
const ADVICE = {
  NOT_A_MEMBER:
    'this home is no member there: run `peer join INVITE` with an invite of its operator',
  MEMBER_REVOKED:
    'the membership of this home was revoked: only a new invite of its operator helps',
  MEMBER_EXPIRED: 'the invite of this home has expired: run `peer join INVITE` with a new one',
  INVITE_UNKNOWN: 'the invite is not known there (any more): ask its operator for a new one',
  INVITE_EXPIRED: 'the invite has expired: ask its operator for a new one',
  INVITE_USED_UP: 'the invite was used as often as it may be: ask its operator for a new one',
} as const satisfies Partial<Record<TrackerCode & TransferCode, string>>;

type RefusalCode = keyof typeof ADVICE;

/** A refusal that a membership would help against. */
export interface MembershipRefusal extends TrackerError {
  readonly code: RefusalCode;
}

export function isMembershipRefusal(error: unknown): error is MembershipRefusal {
  return error instanceof TrackerError && error.code in ADVICE;
}

/** In words of our own. */
export function membershipError(
  refusal: MembershipRefusal,
  trackers: readonly Endpoint[],
): TransferError {
  const where = trackers.map(formatEndpoint).join(', ');
  const message = `refused by the tracker at ${where}: ${ADVICE[refusal.code]}`;
  return new TransferError(refusal.code, message, { cause: refusal });
}
