import { ProtocolError } from './errors.js';
import { MAX_NAME_BYTES, MAX_NAME_SEGMENT_BYTES } from './limits.js';

/** What a file is called in the network: `/`-separated, NFC, safe as a relative path everywhere. */
export type FileName = string & { readonly fileName: unique symbol };

// C0, DEL and C1 controls; line and paragraph separators; what turns the direction of writing, so
// that a terminal shows another name; and lone surrogates, which no UTF-8 can carry.
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/u;
const FORBIDDEN_ON_WINDOWS = /[<>:"|?*]/;
const RESERVED_ON_WINDOWS = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])$/i;

/**
 * Checks a name and returns its NFC form. Throws ProtocolError INVALID_NAME with a `reason`.
 * Source: interface.md, "Names".
 */
export function parseName(text: string): FileName {
  const name = text.normalize('NFC');
  const fail = (reason: string): never => {
    throw new ProtocolError('INVALID_NAME', { reason, name: JSON.stringify(name.slice(0, 120)) });
  };
  if (name.length === 0) fail('it is empty');
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) fail(`it is longer than ${MAX_NAME_BYTES} bytes`);
  if (name.startsWith('/')) fail('it begins with /');
  if (name.includes('\\')) fail('it has a backslash');
  if (CONTROL.test(name)) fail('it has a control character');
  for (const segment of name.split('/')) {
    const reason = segmentFault(segment);
    if (reason !== undefined) fail(reason);
  }
  return name as FileName;
}

/** A prefix of names: empty for all, else a name with an optional final `/`. */
export function parsePrefix(text: string): string {
  if (text === '') return text;
  const body = text.endsWith('/') ? text.slice(0, -1) : text;
  return parseName(body) + (text.endsWith('/') ? '/' : '');
}

function segmentFault(segment: string): string | undefined {
  if (segment === '') return 'a segment is empty';
  if (segment === '.' || segment === '..') return `a segment is "${segment}"`;
  if (Buffer.byteLength(segment) > MAX_NAME_SEGMENT_BYTES) {
    return `a segment is longer than ${MAX_NAME_SEGMENT_BYTES} bytes`;
  }
  if (FORBIDDEN_ON_WINDOWS.test(segment)) return 'a character is reserved on Windows';
  if (segment.endsWith('.') || segment.endsWith(' ')) {
    return 'a segment ends in a dot or a space, which Windows drops';
  }
  const stem = segment.split('.')[0]!.trimEnd();
  if (RESERVED_ON_WINDOWS.test(stem)) return `"${segment}" is reserved on Windows`;
  return undefined;
}
