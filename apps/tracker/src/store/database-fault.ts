/** The file is damaged, foreign, missing a part, or of a newer version. It is left as it is. */
export class DatabaseUnusableError extends Error {
  override readonly name = 'DatabaseUnusableError';
}

/** SQLite found that the file does not hold what it wrote. */
export function isDamage(error: unknown): error is Error {
  const code = sqliteCode(error);
  return code !== undefined && (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT'));
}

/** SQLite's code, extended ones included; undefined for errors of anybody else. */
export function sqliteCode(error: unknown): string | undefined {
  const { name, code } = error as { readonly name?: unknown; readonly code?: unknown };
  return name === 'SqliteError' && typeof code === 'string' ? code : undefined;
}

/** `finding` is what was found, for people. */
export function damaged(path: string, finding: string, cause?: unknown): DatabaseUnusableError {
  return unusable(`${path} is damaged or not a database (${finding})`, path, cause);
}

/** `what` is a clause; what can be done about it is added. */
export function unusable(what: string, path: string, cause?: unknown): DatabaseUnusableError {
  const message =
    `${what}. Nothing of it was changed or removed: put a backup in its place (tracker.db-wal and ` +
    `tracker.db-shm moved away), or save what can be read with sqlite3 ${path} .recover, or move ` +
    'all three files away to start with an empty one; peers register again what they have';
  return new DatabaseUnusableError(message, { cause });
}
