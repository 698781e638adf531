import type * as AdminToken from '../operator/create-admin-token.js';
import type * as Membership from '../membership/membership-desk.js';
import type * as Backup from '../store/back-up.js';
import type * as Tracker from '../run-tracker.js';
import { CommandError } from './command-error.js';

/** The tracker's own packages are loaded when it starts: help needs none of them, and a package that
 *  was installed without the optional ones says which is missing. */
export function loadTracker(): Promise<typeof Tracker> {
  return load(() => import('../run-tracker.js'));
}

/** Of those packages, a backup needs the database driver alone. */
export function loadBackup(): Promise<typeof Backup> {
  return load(() => import('../store/back-up.js'));
}

/** And so does a token. */
export function loadAdminToken(): Promise<typeof AdminToken> {
  return load(() => import('../operator/create-admin-token.js'));
}

/** And so do invites and members. */
export function loadMembership(): Promise<typeof Membership> {
  return load(() => import('../membership/membership-desk.js'));
}

async function load<Part>(part: () => Promise<Part>): Promise<Part> {
  try {
    return await part();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw cause;
    const message =
      `a package that only the tracker needs is missing: ${(cause as Error).message}. ` +
      'Install @nestjs/typeorm, better-sqlite3 and typeorm';
    throw new CommandError('DRIVER_MISSING', message, { cause });
  }
}
