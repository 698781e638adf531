import { ProtocolError } from './errors.js';
import { MAX_GROUP_CHARS } from './limits.js';

declare const brand: unique symbol;

/** What a member may do, least first: download and seed; also register names; also remove others'. */
export const ROLES = ['reader', 'publisher', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** A set of members to whom names can be restricted. */
export type GroupName = string & { readonly [brand]: 'GroupName' };

const GROUP_PATTERN = /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/;

export function isRole(value: unknown): value is Role {
  return typeof value === 'string' && (ROLES as readonly string[]).includes(value);
}

/** Lower-case letters, digits and, inside, `.`, `_` and `-`. Throws ProtocolError INVALID_GROUP. */
export function parseGroup(text: string): GroupName {
  if (text.length > MAX_GROUP_CHARS || !GROUP_PATTERN.test(text)) {
    throw new ProtocolError('INVALID_GROUP', { text: JSON.stringify(text.slice(0, 80)) });
  }
  return text as GroupName;
}
