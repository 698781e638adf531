/** Injects a {@link Sql} that sees what is committed. */
export const READER = Symbol('READER');
/** Injects the {@link WriteQueue}. */
export const WRITE_QUEUE = Symbol('WRITE_QUEUE');
/** Injects the {@link OutsideCommits}. */
export const OUTSIDE_COMMITS = Symbol('OUTSIDE_COMMITS');
/** Injects the {@link LogKeeper}. */
export const LOG_KEEPER = Symbol('LOG_KEEPER');
/** Injects the {@link DamageWatch}. */
export const DAMAGE_WATCH = Symbol('DAMAGE_WATCH');
