import type { AdminToken } from '../operator/admin-tokens.js';
import type {
  ChangeReport,
  ListedInvite,
  ListedMember,
  MadeInvite,
  MembershipList,
} from '../membership/membership-desk.js';

type Row = readonly string[];

/** For people: what the line that was just made gives. */
export function renderTerms({ id, role, groups, expiresAt, maxUses }: MadeInvite): string {
  const uses = maxUses === null ? 'any number of uses' : `${maxUses} uses`;
  const end = expiresAt === null ? 'until it is revoked' : `until ${expiresAt}`;
  return `invite ${id}: ${role}${inGroups(groups)}, ${uses}, ${end}; it is not shown again`;
}

/** For people: all that there is, without a secret. */
export function renderMembership(list: MembershipList): string {
  return [
    table(['INVITE', 'ROLE', 'GROUPS', 'USES', 'EXPIRES', 'STATE'], list.invites.map(inviteRow)),
    table(['MEMBER', 'HOST', 'ROLE', 'GROUPS', 'INVITE', 'STATE'], list.members.map(memberRow)),
    table(['ADMIN TOKEN', 'LABEL', 'EXPIRES', 'STATE'], list.adminTokens.map(adminTokenRow)),
  ].join('\n\n');
}

export function renderRevocation({ kind, id, memberCount }: ChangeReport): string {
  if (kind === 'adminToken') return `revoked admin token ${id}`;
  if (kind === 'invite')
    return `revoked invite ${id}, and ${members(memberCount)} who joined by it`;
  const hint = 'an invite that it still has lets it in with another key: revoke that, too';
  return `revoked member ${id}; ${hint}`;
}

export function renderGroupChange(
  { kind, id, memberCount }: ChangeReport,
  groups: readonly string[],
): string {
  const now = groups.length === 0 ? 'in no group' : `in ${groups.join(', ')}`;
  if (kind === 'member') return `member ${id} is ${now}`;
  return `whoever joins by invite ${id}, and ${members(memberCount)} who did, is ${now}`;
}

function members(count: number): string {
  return count === 1 ? '1 member' : `${count} members`;
}

function inGroups(groups: readonly string[]): string {
  return groups.length === 0 ? '' : ` in ${groups.join(', ')}`;
}

function inviteRow({
  id,
  role,
  groups,
  usedCount,
  maxUses,
  expiresAt,
  standing,
}: ListedInvite): Row {
  const uses = maxUses === null ? String(usedCount) : `${usedCount}/${maxUses}`;
  return [id, role, groups.join(','), uses, expiresAt ?? 'never', standing];
}

function memberRow({ identity, hostname, role, groups, inviteId, standing }: ListedMember): Row {
  return [identity, hostname, role, groups.join(','), inviteId, standing];
}

function adminTokenRow({ id, label, expiresAt, revokedAt }: AdminToken): Row {
  return [id, label, expiresAt ?? 'never', revokedAt === null ? 'valid' : 'revoked'];
}

function table(header: Row, rows: readonly Row[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
