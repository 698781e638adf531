import { Args } from '@oclif/core';

/** An argument is what was typed. Without this, oclif looks for a missing one in stdin, for 10 ms,
 *  and eats what a script's loop reads from there. */
export const textArgument = Args.custom({ ignoreStdin: true });
