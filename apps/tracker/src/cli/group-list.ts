import { MAX_GROUP_COUNT, parseGroup, ProtocolError, type GroupName } from '#protocol';
import { CommandError } from './command-error.js';

/** Sorted, each once. Throws CommandError USAGE that names the flag. */
export function parseGroupList(texts: readonly string[], flag: string): readonly GroupName[] {
  const groups = new Set(texts.map((text) => parseOne(text, flag)));
  if (groups.size > MAX_GROUP_COUNT) {
    throw new CommandError('USAGE', `${flag}: at most ${MAX_GROUP_COUNT} groups`);
  }
  return [...groups].sort();
}

function parseOne(text: string, flag: string): GroupName {
  try {
    return parseGroup(text);
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    const shown = JSON.stringify(text.slice(0, 80));
    const message = `${flag}: ${shown} is no group: lower-case letters, digits and, inside, . _ -`;
    throw new CommandError('USAGE', message, { cause });
  }
}
