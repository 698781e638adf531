import { closeSync, openSync, readSync, statSync } from 'node:fs';

/** Sizes and offsets in bytes, numbers big-endian. Source: sqlite.org/fileformat2.html, "The
 *  Write-Ahead Log". */
const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const MAGIC = 0x377f0682;
const SALTS = { header: 16, frame: 8 } as const;
const SUMS = { header: 24, frame: 16 } as const;
const PAGE_BYTES_AT = 8;
const COMMIT_MARK_AT = 4;

/** A power cut may leave the last transaction in pieces. A second one after it was begun only when the
 *  first was on disk. */
const MIN_COMMIT_COUNT_AFTER = 2;

type Sum = readonly [number, number];

/**
 * SQLite drops everything after the first bad frame of its log, which is right after a power cut and
 * loses commits after damage. Says what is damaged; undefined when nothing is known to be. What was cut
 * off at the end, or damaged in the last transaction, looks like a power cut.
 */
export function findLogDamage(path: string): string | undefined {
  const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (sizeBytes === 0) return undefined;
  const fd = openSync(path, 'r');
  try {
    const header = read(fd, { at: 0, byteCount: HEADER_BYTES });
    if (header.byteLength < HEADER_BYTES) return 'its log is cut short';
    if (!isWritten(header) && isEmpty(fd, sizeBytes)) return undefined;
    if (!isHeader(header)) return 'the header of its log is not valid';
    return findBadFrame(fd, header, sizeBytes);
  } finally {
    closeSync(fd);
  }
}

function findBadFrame(fd: number, header: DataView, sizeBytes: number): string | undefined {
  const frameBytes = FRAME_HEADER_BYTES + header.getUint32(PAGE_BYTES_AT);
  const frameCount = Math.floor((sizeBytes - HEADER_BYTES) / frameBytes);
  let previous = storedSum(header, SUMS.header);
  let badIndex: number | undefined;
  let commitCountAfter = 0;
  for (let index = 0; index < frameCount; index += 1) {
    const frame = read(fd, { at: HEADER_BYTES + index * frameBytes, byteCount: frameBytes });
    const isGood = hasSaltsOf(header, frame) && isFrame(frame, { header, previous });
    previous = storedSum(frame, SUMS.frame);
    if (!isGood) badIndex ??= index;
    else if (badIndex !== undefined && frame.getUint32(COMMIT_MARK_AT) !== 0) commitCountAfter += 1;
    if (commitCountAfter >= MIN_COMMIT_COUNT_AFTER) {
      return `frame ${badIndex! + 1} of ${frameCount} of its log is not valid, later ones are`;
    }
  }
  return undefined;
}

function isHeader(header: DataView): boolean {
  const magic = header.getUint32(0);
  const pageBytes = header.getUint32(PAGE_BYTES_AT);
  if ((magic & ~1) >>> 0 !== MAGIC || pageBytes < 512 || pageBytes > 65_536) return false;
  const sum = checksum(header, { from: 0, to: SUMS.header, header, start: [0, 0] });
  return isSame(sum, storedSum(header, SUMS.header));
}

function isFrame(frame: DataView, { header, previous }: { header: DataView; previous: Sum }) {
  const start = checksum(frame, { from: 0, to: SALTS.frame, header, start: previous });
  const to = frame.byteLength;
  const sum = checksum(frame, { from: FRAME_HEADER_BYTES, to, header, start });
  return isSame(sum, storedSum(frame, SUMS.frame));
}

/** Of whole pairs of words, in the byte order that the magic number names. */
function checksum(
  bytes: DataView,
  { from, to, header, start }: { from: number; to: number; header: DataView; start: Sum },
): Sum {
  const isLittleEndian = header.getUint32(0) === MAGIC;
  let [first, second] = start;
  for (let at = from; at < to; at += 8) {
    first = (first + bytes.getUint32(at, isLittleEndian) + second) >>> 0;
    second = (second + bytes.getUint32(at + 4, isLittleEndian) + first) >>> 0;
  }
  return [first, second];
}

function storedSum(bytes: DataView, at: number): Sum {
  return [bytes.getUint32(at), bytes.getUint32(at + 4)];
}

function isSame(one: Sum, other: Sum): boolean {
  return one[0] === other[0] && one[1] === other[1];
}

/** Frames of an older generation, which the log overwrites, have others. */
function hasSaltsOf(header: DataView, frame: DataView): boolean {
  return isSame(storedSum(header, SALTS.header), storedSum(frame, SALTS.frame));
}

function isWritten(bytes: DataView): boolean {
  for (let at = 0; at < bytes.byteLength; at += 1) if (bytes.getUint8(at) !== 0) return true;
  return false;
}

/** Space that was given to the log before a power cut, and never written. */
function isEmpty(fd: number, sizeBytes: number): boolean {
  const stepBytes = 65_536;
  for (let at = 0; at < sizeBytes; at += stepBytes) {
    if (isWritten(read(fd, { at, byteCount: stepBytes }))) return false;
  }
  return true;
}

function read(fd: number, { at, byteCount }: { at: number; byteCount: number }): DataView {
  const bytes = Buffer.alloc(byteCount);
  const readCount = readSync(fd, bytes, 0, byteCount, at);
  return new DataView(bytes.buffer, bytes.byteOffset, readCount);
}
