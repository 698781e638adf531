import { MAX_LABEL_CHARS } from '#protocol';
import { CommandError } from '../cli/command-error.js';
import { parseDuration } from '../cli/duration.js';
import { CommandDatabase } from '../store/command-database.js';
import { AdminTokens, TooManyTokensError } from './admin-tokens.js';

export interface AdminTokenReport {
  readonly id: string;
  /** Shown this once. */
  readonly token: string;
  readonly label: string;
  /** Null: never. */
  readonly expiresAt: string | null;
}

/** Makes a token for the operators' side of the tracker whose data folder it is, running or not.
 *  `expires` is a duration, or `never`. Throws CommandError. */
export async function createAdminToken(wanted: {
  folder: string;
  label: string;
  expires: string;
}): Promise<AdminTokenReport> {
  const { folder, label, expires } = wanted;
  const lifetimeMs = expires === 'never' ? null : parseDuration(expires);
  if (lifetimeMs === undefined || lifetimeMs === 0) {
    throw new CommandError('USAGE', '--expires: must be a duration such as 30d, or never');
  }
  if (label.length > MAX_LABEL_CHARS || /[\p{Cc}\p{Cs}]/u.test(label)) {
    const message = `--label: must be at most ${MAX_LABEL_CHARS} characters without control characters`;
    throw new CommandError('USAGE', message);
  }
  using database = CommandDatabase.open(folder, { table: 'admin_tokens' });
  const nowMs = Date.now();
  const expiresAtMs = lifetimeMs === null ? undefined : nowMs + lifetimeMs;
  try {
    const { token, kept } = await new AdminTokens(database.sql).create(
      { label, expiresAtMs },
      nowMs,
    );
    return { id: kept.id, token, label, expiresAt: kept.expiresAt };
  } catch (cause) {
    if (!(cause instanceof TooManyTokensError)) throw cause;
    throw new CommandError('USAGE', cause.message, { cause });
  }
}
