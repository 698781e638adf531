import { expect, it } from 'vitest';
import { Bitfield, hashBytes, MAX_CHUNK_COUNT, parseDigest, toChunkIndex } from '#protocol';
import { thisProcess } from './process-stamp.js';
import { decodeResumeRecord, encodeResumeRecord, type ResumeRecord } from './resume-record.js';

function newRecord(chunkCount: number): ResumeRecord {
  const held = Bitfield.empty(chunkCount);
  for (let index = 0; index < chunkCount; index += 3) held.set(toChunkIndex(index));
  return {
    digest: parseDigest(`b3:${'5'.repeat(64)}`),
    held,
    owner: thisProcess(),
    cleanStop: { sizeBytes: 12, mtimeNs: '1700000000000000001', inode: '77' },
  };
}

/** The record's line changed, with a checksum that fits. */
function forge(record: ResumeRecord, change: (line: string) => string): Buffer {
  const line = change(encodeResumeRecord(record).toString().split('\n')[0]!);
  const checksum = Buffer.from(hashBytes(Buffer.from(line))).toString('hex');
  return Buffer.from(`${line}\n${checksum}\n`);
}

it('reads back what it wrote, blank lines after it or not', () => {
  for (const chunkCount of [0, 1, 9, MAX_CHUNK_COUNT]) {
    const record = newRecord(chunkCount);
    const bytes = encodeResumeRecord(record);
    const read = decodeResumeRecord(Buffer.concat([bytes, Buffer.alloc(5000, '\n')]));
    expect(read).toEqual(record);
    expect(decodeResumeRecord(bytes)).toEqual(record);
    const stopped = { ...record, owner: null, cleanStop: null };
    expect(decodeResumeRecord(encodeResumeRecord(stopped))).toEqual(stopped);
  }
});

it('believes nothing that was cut short or altered by a single bit', () => {
  const bytes = encodeResumeRecord(newRecord(9));
  const whole = bytes.length - 1;
  for (let length = 0; length < whole; length += 1) {
    expect(decodeResumeRecord(bytes.subarray(0, length))).toBeUndefined();
  }
  for (let index = 0; index < whole; index += 1) {
    const altered = Buffer.from(bytes);
    altered[index]! ^= 1;
    expect(decodeResumeRecord(altered)).toBeUndefined();
  }
});

it('believes nothing of another version or form, though the checksum fits', () => {
  const record = newRecord(9);
  expect(decodeResumeRecord(forge(record, (line) => line))).toEqual(record);
  const changes: ((line: string) => string)[] = [
    (line) => line.replace('"version":1', '"version":2'),
    (line) => line.replace('shoal-resume', 'other'),
    (line) => line.replace('"chunkCount":9', '"chunkCount":90'),
    (line) => line.replace('"chunkCount":9', '"chunkCount":1e99'),
    (line) => line.replace('"chunkCount":9', '"chunkCount":-1'),
    (line) => line.replace('b3:', 'b4:'),
    (line) => line.replace('"pid":', '"pid":-'),
    (line) => line.replace('{', '{"extra":1,'),
    () => 'null',
    () => '',
    () => 'not JSON',
  ];
  for (const change of changes) expect(decodeResumeRecord(forge(record, change))).toBeUndefined();
});
