/** Injects a {@link Sql} that sees what is committed. */
export const READER = Symbol('READER');
/** Injects the {@link WriteQueue}. */
export const WRITE_QUEUE = Symbol('WRITE_QUEUE');
/** Injects the {@link OutsideCommits}. */
export const OUTSIDE_COMMITS = Symbol('OUTSIDE_COMMITS');
