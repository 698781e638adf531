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
  const reason = name === '' ? 'it is empty' : (textFault(name) ?? faultOf(name.split('/')));
  if (reason !== undefined) throw invalidName(name, reason);
  return name as FileName;
}

/**
 * Checks what a name may begin with, and returns its NFC form. All before the last `/` must be whole
 * segments; what comes after it may be the beginning of one, as `con` is of `config`. Throws
 * ProtocolError INVALID_NAME with a `reason`.
 */
export function parsePrefix(text: string): string {
  const prefix = text.normalize('NFC');
  const folders = prefix.split('/');
  const begun = folders.pop()!;
  const reason = textFault(prefix) ?? faultOf(folders) ?? begunSegmentFault(begun);
  if (reason !== undefined) throw invalidName(prefix, reason);
  return prefix;
}

function invalidName(text: string, reason: string): ProtocolError {
  return new ProtocolError('INVALID_NAME', { reason, name: JSON.stringify(text.slice(0, 120)) });
}

/** What no name has anywhere. */
function textFault(text: string): string | undefined {
  if (Buffer.byteLength(text) > MAX_NAME_BYTES) return `it is longer than ${MAX_NAME_BYTES} bytes`;
  if (text.startsWith('/')) return 'it begins with /';
  if (text.includes('\\')) return 'it has a backslash';
  if (CONTROL.test(text)) return 'it has a control character';
  return undefined;
}

function faultOf(segments: readonly string[]): string | undefined {
  for (const segment of segments) {
    const reason = segmentFault(segment);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function segmentFault(segment: string): string | undefined {
  if (segment === '') return 'a segment is empty';
  if (segment === '.' || segment === '..') return `a segment is "${segment}"`;
  const reason = begunSegmentFault(segment);
  if (reason !== undefined) return reason;
  if (segment.endsWith('.') || segment.endsWith(' ')) {
    return 'a segment ends in a dot or a space, which Windows drops';
  }
  const stem = segment.split('.')[0]!.trimEnd();
  if (RESERVED_ON_WINDOWS.test(stem)) return `"${segment}" is reserved on Windows`;
  return undefined;
}

/** What no segment can begin with. */
function begunSegmentFault(segment: string): string | undefined {
  if (Buffer.byteLength(segment) > MAX_NAME_SEGMENT_BYTES) {
    return `a segment is longer than ${MAX_NAME_SEGMENT_BYTES} bytes`;
  }
  if (FORBIDDEN_ON_WINDOWS.test(segment)) return 'a character is reserved on Windows';
  return undefined;
}
