import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const PROGRAM = `
  import Sqlite from 'better-sqlite3';
  const database = new Sqlite(process.argv[1], { readonly: true });
  database.exec('BEGIN');
  database.prepare('SELECT COUNT(*) FROM sqlite_master').get();
  process.send('reading');
  process.on('message', () => {
    database.close();
    process.disconnect();
  });
`;

/** Another process that reads a database in a transaction that stays open: a forgotten admin's shell. */
export class LongRead implements AsyncDisposable {
  private constructor(private readonly child: ChildProcess) {}

  static async begin(databasePath: string): Promise<LongRead> {
    const child = spawn(
      process.execPath,
      ['--input-type=module', '--eval', PROGRAM, databasePath],
      { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
    );
    const ended = once(child, 'exit').then(() => {
      throw new Error('the reader ended before it read');
    });
    await Promise.race([once(child, 'message'), ended]);
    ended.catch(() => undefined);
    return new LongRead(child);
  }

  async end(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.send('end');
    await exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}
