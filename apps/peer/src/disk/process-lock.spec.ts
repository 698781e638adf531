import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ProcessLock } from './process-lock.js';
import { isRunning, thisProcess } from './process-stamp.js';

const { signal } = new AbortController();

function newPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-lock-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'a.lock');
}

async function endedProcess() {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return { ...thisProcess(), pid: child.pid! };
}

it('lets one in at a time, and everybody in the end', async () => {
  const path = newPath();
  let insideCount = 0;
  let doneCount = 0;
  const visit = async () => {
    const lock = await ProcessLock.acquire(path, { signal });
    insideCount += 1;
    expect(insideCount).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    insideCount -= 1;
    doneCount += 1;
    lock.release();
    lock.release();
  };
  await Promise.all(Array.from({ length: 30 }, visit));
  expect(doneCount).toBe(30);
  expect(existsSync(path)).toBe(false);
});

it('passes over claims of processes that ended, and lines cut short', async () => {
  const path = newPath();
  const dead = JSON.stringify({ token: 'dead', process: await endedProcess() });
  writeFileSync(path, `\n${dead}\n`);
  appendFileSync(path, '\n{"token":"to');
  using lock = await ProcessLock.acquire(path, { signal });
  expect(existsSync(path)).toBe(true);
  lock.release();
});

it("stops waiting when told to, and is then in nobody's way", async () => {
  const path = newPath();
  const first = await ProcessLock.acquire(path, { signal });
  const stop = new AbortController();
  const second = ProcessLock.acquire(path, { signal: stop.signal });
  const third = ProcessLock.acquire(path, { signal });
  stop.abort();
  await expect(second).rejects.toThrow('abort');
  first.release();
  (await third).release();
});

it('knows a running process from one that ended', async () => {
  expect(isRunning(thisProcess())).toBe(true);
  expect(isRunning({ ...thisProcess(), startedAtTicks: '1' })).toBe(false);
  expect(isRunning({ ...thisProcess(), bootId: 'another boot' })).toBe(false);
  expect(isRunning(await endedProcess())).toBe(false);
});
