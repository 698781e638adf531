import type { Role } from '#protocol';

/** What `join` answers; nothing in it is secret. */
export interface JoinData {
  /** `HOST:PORT` of the tracker that was joined. */
  readonly tracker: string;
  /** The network's: what its trackers are recognised by. */
  readonly fingerprint: string;
  /** This home's. */
  readonly identity: string;
  readonly role: Role;
  readonly groups: readonly string[];
}

const MAY: Readonly<Record<Role, string>> = {
  reader: 'download and seed',
  publisher: 'download, seed and share',
  admin: 'download, seed, share, and remove what others shared',
};

export function renderJoin({ tracker, role, groups }: JoinData): string {
  const list = groups.length === 0 ? '' : `; groups: ${groups.join(', ')}`;
  return `joined the network at ${tracker} as ${role}: this home may ${MAY[role]}${list}`;
}
