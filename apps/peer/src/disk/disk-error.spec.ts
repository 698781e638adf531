import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { TransferError } from '../core/transfer-error.js';
import { diskError, hasErrno, onDisk, onDiskSync } from './disk-error.js';

function errno(code: string): Error {
  return Object.assign(new Error(`${code}: refused`), { code, syscall: 'write' });
}

describe('diskError', () => {
  const expected = {
    ENOSPC: 'DISK_FULL',
    EDQUOT: 'DISK_FULL',
    EFBIG: 'DISK_FULL',
    EACCES: 'DISK_PERMISSION',
    EPERM: 'DISK_PERMISSION',
    EROFS: 'DISK_PERMISSION',
    EEXIST: 'TARGET_EXISTS',
    ENOENT: 'DISK_FAILED',
    EIO: 'DISK_FAILED',
    EMFILE: 'DISK_FAILED',
    EWHATEVER: 'DISK_FAILED',
  };
  for (const [code, transferCode] of Object.entries(expected)) {
    it(`makes ${transferCode} of ${code}, naming the path`, () => {
      const cause = errno(code);
      const error = diskError(cause, { path: '/a/b', verb: 'write' });
      expect(error).toMatchObject({ name: 'TransferError', code: transferCode, cause });
      expect(error.message).toMatch(/^cannot write \/a\/b: ./);
    });
  }

  it('lets everything else pass', () => {
    const others = [new TransferError('USAGE', 'x'), new RangeError('x'), new DOMException('x')];
    for (const other of others) expect(diskError(other, { path: '/', verb: 'read' })).toBe(other);
  });

  it('translates what real calls throw, as the context says', async () => {
    const context = { path: '/none', verb: 'read', missing: 'PATH_NOT_FOUND' } as const;
    const missing = { code: 'PATH_NOT_FOUND' };
    await expect(onDisk(context, () => readFile('/none'))).rejects.toMatchObject(missing);
    try {
      onDiskSync(context, () => readFileSync('/none'));
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject(missing);
      expect(hasErrno((error as Error).cause, 'EACCES', 'ENOENT')).toBe(true);
    }
  });
});
