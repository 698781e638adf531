import type { Asker } from '../rpc/asker.js';
import type { SqlValue } from '../store/sql.js';

/** Which names are seen: those for every member, those for these groups, and those that this identity
 *  has published. */
export interface NameView {
  /** Empty: of nobody. */
  readonly identity: string;
  readonly groups: readonly string[];
}

/** What everybody sees. */
export const OPEN_VIEW: NameView = { identity: '', groups: [] };

const OPEN_KEY = '0:';

/** A condition on `n`, which is name_versions, and its parameters. */
interface Condition {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
}

const SEEN_BY_ALL: Condition = { sql: 'n.allowed_groups IS NULL', parameters: [] };
const SEEN = `(n.allowed_groups IS NULL OR n.published_by = ? OR EXISTS (
  SELECT 1 FROM json_each(n.allowed_groups) WHERE value IN (SELECT value FROM json_each(?))))`;

export function viewOf({ identity, groups }: Asker): NameView {
  return { identity: identity ?? '', groups };
}

export function seenBy({ identity, groups }: NameView): Condition {
  if (identity === '' && groups.length === 0) return SEEN_BY_ALL;
  return { sql: SEEN, parameters: [identity, JSON.stringify(groups)] };
}

/** Two views with the same key see the same names. It says how long it is, so that whatever follows in
 *  a longer key, and may come from a stranger, is never taken for a part of it. */
export function keyOf({ identity, groups }: NameView): string {
  if (identity === '' && groups.length === 0) return OPEN_KEY;
  const text = `${identity}/${groups.join(',')}`;
  return `${text.length}:${text}`;
}
