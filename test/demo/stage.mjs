// What the demo opens and must close again: a temporary folder and the programs it starts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const BINS = {
  peer: fileURLToPath(new URL('../../apps/peer/bin/peer.js', import.meta.url)),
  tracker: fileURLToPath(new URL('../../apps/tracker/bin/tracker.js', import.meta.url)),
};
const STOP_TIMEOUT_MS = 5_000;
const MAX_KEPT_LINES = 20;

/** One running program: its lines as they come, and its end. */
export class Program {
  #kept = [];
  #listeners = new Set();

  constructor(title, child) {
    this.title = title;
    this.child = child;
    this.ended = once(child, 'close').then(([code, signal]) => signal ?? code);
    createInterface({ input: child.stdout }).on('line', (line) => this.#heard('stdout', line));
    createInterface({ input: child.stderr }).on('line', (line) => this.#heard('stderr', line));
  }

  /** Calls `listener(stream, line)` for every line from now on. */
  onLine(listener) {
    this.#listeners.add(listener);
  }

  /** The first line of stdout that matches. Rejects when the program ends without one. */
  line(pattern) {
    const found = new Promise((resolve) => {
      this.onLine((stream, line) => stream === 'stdout' && pattern.test(line) && resolve(line));
    });
    const missing = this.ended.then((end) => {
      throw new Error(`${this.title} ended with ${end}\n${this.#kept.join('\n')}`);
    });
    missing.catch(() => undefined);
    return Promise.race([found, missing]);
  }

  /** Resolves when it ends with 0; rejects, with what it said last, when not. */
  async succeeded() {
    const end = await this.ended;
    if (end !== 0) throw new Error(`${this.title} ended with ${end}\n${this.#kept.join('\n')}`);
  }

  #heard(stream, line) {
    if (!line.startsWith('{"event":"progress"')) this.#kept.push(line);
    if (this.#kept.length > MAX_KEPT_LINES) this.#kept.shift();
    for (const listener of this.#listeners) listener(stream, line);
  }
}

/** Owns the folder and the programs; close() leaves neither. */
export class Stage {
  #programs = new Set();
  // Whatever happens: nothing of ours outlives this process.
  #onExit = () => {
    for (const program of this.#programs) program.child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  };

  constructor(folder) {
    this.folder = folder;
    process.on('exit', this.#onExit);
  }

  static async open() {
    return new Stage(await mkdtemp(join(tmpdir(), 'shoal-demo-')));
  }

  /** A folder of its own inside the stage. */
  async makeFolder(name) {
    const path = join(this.folder, name);
    await mkdir(path);
    return path;
  }

  start(title, app, args, { env = {}, cwd = this.folder } = {}) {
    const inherited = Object.entries(process.env).filter(([key]) => !key.startsWith('SHOAL_'));
    const child = spawn(process.execPath, [BINS[app], ...args], {
      cwd,
      // As if of a user of their own: peers find the tracker by what it leaves in that user's folder.
      env: { ...Object.fromEntries(inherited), XDG_DATA_HOME: join(this.folder, 'user'), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const program = new Program(title, child);
    this.#programs.add(program);
    program.ended.finally(() => this.#programs.delete(program)).catch(() => undefined);
    return program;
  }

  /** Asks a program to stop; resolves with how it ended. */
  async stop(program) {
    program.child.kill('SIGTERM');
    const late = setTimeout(STOP_TIMEOUT_MS, undefined, { ref: false });
    await Promise.race([program.ended, late]);
    program.child.kill('SIGKILL');
    return program.ended;
  }

  async close() {
    await Promise.all([...this.#programs].map((program) => this.stop(program)));
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
    process.off('exit', this.#onExit);
  }
}
