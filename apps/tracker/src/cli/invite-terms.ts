import { ROLES, isRole, type GroupName, type Role } from '#protocol';
import { CommandError } from './command-error.js';
import { parseDuration } from './duration.js';
import { parseGroupList } from './group-list.js';

/** Flags of `tracker invite`, as they were given. */
export interface InviteFlags {
  readonly role: string;
  readonly expires: string;
  readonly uses: string | undefined;
  readonly group: readonly string[];
}

interface ParsedTerms {
  readonly role: Role;
  readonly groups: readonly GroupName[];
  readonly expiresAtMs: number | null;
  readonly maxUses: number | null;
}

/** Throws CommandError USAGE that names the flag. */
export function parseInviteTerms(flags: InviteFlags, nowMs: number): ParsedTerms {
  const { role, expires, uses } = flags;
  if (!isRole(role)) throw new CommandError('USAGE', `--role: must be one of ${ROLES.join(', ')}`);
  const lifetimeMs = expires === 'never' ? null : parseDuration(expires);
  if (lifetimeMs === undefined || lifetimeMs === 0) {
    throw new CommandError('USAGE', '--expires: must be a duration such as 7d, or never');
  }
  const maxUses =
    uses === undefined ? null : Number(/^[1-9]\d{0,8}$/.exec(uses)?.[0] ?? Number.NaN);
  if (Number.isNaN(maxUses)) {
    throw new CommandError('USAGE', '--uses: must be a whole number from 1 on');
  }
  const groups = parseGroupList(flags.group, '--group');
  const expiresAtMs = lifetimeMs === null ? null : nowMs + lifetimeMs;
  return { role, groups, expiresAtMs, maxUses };
}
