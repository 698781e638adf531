import { readFileSync } from 'node:fs';
import { hasErrno } from './disk-error.js';

/** One running process of this machine: unlike a bare pid, it never comes to mean another one. */
export interface ProcessStamp {
  readonly pid: number;
  /** Clock ticks from boot to the start of the process; empty where the system does not tell. */
  readonly startedAtTicks: string;
  /** Changes at every boot; empty where the system does not tell. */
  readonly bootId: string;
}

export function thisProcess(): ProcessStamp {
  return {
    pid: process.pid,
    startedAtTicks: readProcess(process.pid)?.startedAtTicks ?? '',
    bootId: readBootId(),
  };
}

export function isThisProcess(stamp: ProcessStamp | null | undefined): boolean {
  return stamp?.pid === process.pid && isRunning(stamp);
}

/** False as soon as the process has ended, also when its pid went to another one since. */
export function isRunning(stamp: ProcessStamp): boolean {
  if (stamp.bootId !== readBootId() || !pidExists(stamp.pid)) return false;
  const found = readProcess(stamp.pid);
  if (found === undefined || stamp.startedAtTicks === '') return true;
  return found.isAlive && found.startedAtTicks === stamp.startedAtTicks;
}

/** Strict: undefined for anything but exactly a stamp's fields. */
export function parseProcessStamp(value: unknown): ProcessStamp | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { pid, startedAtTicks, bootId, ...rest } = value as Record<string, unknown>;
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0) return undefined;
  if (typeof startedAtTicks !== 'string' || typeof bootId !== 'string') return undefined;
  return Object.keys(rest).length > 0 ? undefined : { pid, startedAtTicks, bootId };
}

function pidExists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return hasErrno(error, 'EPERM');
  }
}

/** Source: proc_pid_stat(5). The command's name, in parentheses, may hold spaces and parentheses. */
function readProcess(pid: number): { startedAtTicks: string; isAlive: boolean } | undefined {
  const text = readText(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const state = fields[0] ?? '';
  return { startedAtTicks: fields[19] ?? '', isAlive: !'ZXx'.includes(state) };
}

function readBootId(): string {
  return readText('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
