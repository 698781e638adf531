import { hashBytes } from '#protocol';
import { TransferError } from '../../core/transfer-error.js';
import { freeBytesIn } from '../../disk/folder-room.js';
import type { Home } from '../../disk/home.js';
import type { Finding } from './finding.js';

/** As in package.json, "engines". */
export const MIN_NODE_VERSION = '20.19.3';
/** Less than this is worth a word. */
const LITTLE_ROOM_BYTES = 1024 ** 3;
const TRIAL_BYTES = 32 * 1024 * 1024;
/** BLAKE3 of no bytes. */
const HASH_OF_NOTHING = 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262';

export function checkVersion(programVersion: string, nodeVersion: string): Finding {
  const { platform, arch } = process;
  const message = `${programVersion} on Node ${nodeVersion}, ${platform} ${arch}`;
  if (isOlder(nodeVersion, MIN_NODE_VERSION)) {
    const advice = `install Node ${MIN_NODE_VERSION} or newer`;
    return { check: 'version', state: 'failed', message, advice, code: 'INTERNAL' };
  }
  if (platform === 'linux') return { check: 'version', state: 'ok', message };
  const advice = 'only Linux is tested: say what fails here';
  return { check: 'version', state: 'warning', message, advice };
}

/** The compiled part: a hash of nothing, and how long one of many bytes takes. */
export function checkNative(): Finding {
  if (Buffer.from(hashBytes(new Uint8Array())).toString('hex') !== HASH_OF_NOTHING) {
    const message = 'the compiled part computes wrong hashes on this machine';
    const advice = 'install the package again, on this machine; if that does not help, report it';
    return { check: 'native', state: 'failed', message, advice, code: 'INTERNAL' };
  }
  const bytes = new Uint8Array(TRIAL_BYTES);
  const startMs = performance.now();
  hashBytes(bytes);
  const bytesPerSecond = (TRIAL_BYTES / (performance.now() - startMs)) * 1_000;
  const gibPerSecond = (bytesPerSecond / 1024 ** 3).toFixed(1);
  const message = `the compiled part works: one core hashes ${gibPerSecond} GiB/s`;
  return { check: 'native', state: 'ok', message };
}

/** Of the home, and of the folder where downloads go. */
export async function checkDisk(home: Home, downloadFolder: string): Promise<Finding> {
  const check = 'disk';
  try {
    const homeBytes = await freeBytesIn(home.path);
    const room = `${inGib(homeBytes)} free in ${home.path}`;
    const hereBytes = await freeBytesIn(downloadFolder).catch((error: unknown) => {
      if (error instanceof TransferError) return error;
      throw error;
    });
    if (hereBytes instanceof TransferError) {
      const advice = 'downloads need -o FOLDER here: a folder that you may write to';
      return { check, state: 'warning', message: `${room}; ${hereBytes.message}`, advice };
    }
    const message = `${room}, ${inGib(hereBytes)} in ${downloadFolder}`;
    if (Math.min(homeBytes, hereBytes) >= LITTLE_ROOM_BYTES) return { check, state: 'ok', message };
    return { check, state: 'warning', message, advice: 'that is little: make room' };
  } catch (error) {
    if (!(error instanceof TransferError)) throw error;
    const { message, code } = error;
    const advice = 'the home must be writable: give it to this user, or name another with --home';
    return { check, state: 'failed', message, advice, code };
  }
}

function inGib(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}

function isOlder(version: string, than: string): boolean {
  const parts = (text: string) => text.replace(/^v/, '').split('.').map(Number);
  const [ours, theirs] = [parts(version), parts(than)];
  const at = theirs.findIndex((part, index) => part !== ours[index]);
  return at !== -1 && !((ours[at] ?? 0) > theirs[at]!);
}
