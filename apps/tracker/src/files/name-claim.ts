import { type RegisterFile } from '#protocol';

/** A name that a peer wants to point at a file, and what stands against it. */
export interface NameClaim {
  readonly name: string;
  readonly fileId: number;
  readonly identity: string;
  readonly naming: RegisterFile['naming'];
  /** JSON of the groups that may have the file by this name, null: every member; undefined: as it is. */
  readonly allowedGroups: string | null | undefined;
}

/** What a name is restricted to, as it is kept: sorted, each once; an empty list opens it to all. */
export function toAllowedGroups(allow: readonly string[] | undefined): string | null | undefined {
  if (allow === undefined) return undefined;
  return allow.length === 0 ? null : JSON.stringify([...new Set(allow)].sort());
}
