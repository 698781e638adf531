import Sqlite from 'better-sqlite3';
import { beforeEach, describe, expect, it } from 'vitest';
import { TrackerError } from '#protocol';
import type { Sql, WriteSql } from './sql.js';
import { SqliteSql } from './sqlite-sql.js';
import { WriteQueue, type WriteWork } from './write-queue.js';

const insert = (value: number) => (sql: Sql) =>
  sql.run('INSERT INTO numbers (value) VALUES (?)', [value]);

describe('WriteQueue', () => {
  let sql: SqliteSql;
  let commits: number;
  let savepoints: number;
  let queue: WriteQueue;

  beforeEach(async () => {
    sql = new SqliteSql(new Sqlite(':memory:'));
    await sql.run('CREATE TABLE numbers (value INTEGER UNIQUE CHECK (value <> 13))');
    commits = 0;
    savepoints = 0;
    const counted: Sql = {
      all: (text, parameters) => sql.all(text, parameters),
      column: (text, parameters) => sql.column(text, parameters),
      first: (text, parameters) => sql.first(text, parameters),
      run: (text, parameters) => {
        if (text === 'COMMIT') commits += 1;
        if (text === 'SAVEPOINT request') savepoints += 1;
        return sql.run(text, parameters);
      },
    };
    queue = new WriteQueue(counted, { maxWaitingCount: 100, maxBatchCount: 50 });
  });

  const values = async () =>
    (await sql.all<{ value: number }>('SELECT value FROM numbers ORDER BY value')).map(
      ({ value }) => value,
    );

  it('tells after the commit, and never of a request that was refused', async () => {
    const told: string[] = [];
    const telling = (value: number) => (writer: WriteSql) => {
      writer.afterCommit(() => told.push(`${value} after ${commits} commits`));
      return insert(value)(writer);
    };
    const outcomes = await Promise.allSettled(
      [1, 13, 2].map((value) => queue.submit(telling(value))),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(told).toEqual(['1 after 1 commits', '2 after 1 commits']);
    await queue.submit(telling(3));
    expect(told).toHaveLength(3);
  });

  it('commits many requests at once, in their order', async () => {
    const results = await Promise.all([1, 2, 3].map((value) => queue.submit(insert(value))));
    expect(results).toEqual([1, 1, 1]);
    expect(commits).toBe(1);
    expect(await values()).toEqual([1, 2, 3]);
  });

  it('undoes a request that fails, and only that one', async () => {
    const failing = queue.submit(async (writer) => {
      await insert(2)(writer);
      await insert(13)(writer);
    });
    const others = [queue.submit(insert(1)), queue.submit(insert(3))];
    await expect(failing).rejects.toThrow('CHECK');
    await Promise.all(others);
    expect(await values()).toEqual([1, 3]);
  });

  it('says what a full disk says to all whom it concerns, and goes on when there is room', async () => {
    await sql.all('PRAGMA max_page_count = 20');
    await sql.run('CREATE TABLE texts (text TEXT)');
    const fill = (writer: WriteSql) =>
      writer.run('INSERT INTO texts VALUES (?)', ['x'.repeat(100_000)]);
    const works = [insert(1), fill, insert(2)];
    for (const end of await Promise.allSettled(works.map((work) => queue.submit(work)))) {
      expect(end).toMatchObject({ status: 'rejected', reason: { code: 'SQLITE_FULL' } });
    }
    await queue.submit(insert(3));
    expect(await values()).toEqual([3]);
  });

  it('passes on typed refusals, and runs nothing twice when nothing was written', async () => {
    const refusal = new TrackerError('NAME_TAKEN', 'taken');
    const refusals = [
      queue.submit(() => Promise.reject(refusal)),
      queue.submit(async (writer) => {
        await writer.first('SELECT 1');
        await writer.run('UPDATE numbers SET value = 2 WHERE value = 3');
        throw refusal;
      }),
    ];
    const accepted = queue.submit(insert(1));
    for (const refused of refusals) await expect(refused).rejects.toBe(refusal);
    await accepted;
    expect(savepoints).toBe(0);
    expect(await values()).toEqual([1]);
  });

  it.each<[string, WriteWork<unknown>]>([
    ['RETURNING', (writer) => writer.first('INSERT INTO numbers VALUES (2) RETURNING value')],
    ['RETURNING rows', (writer) => writer.all('INSERT INTO numbers VALUES (2) RETURNING value')],
    ['RETURNING values', (writer) => writer.column('INSERT INTO numbers VALUES (2) RETURNING 1')],
    ['a plain statement', insert(2)],
  ])('runs all again, apart, when one fails after %s', async (_, write) => {
    const runs: string[] = [];
    const told: string[] = [];
    const telling =
      (name: string, work: WriteWork<unknown>): WriteWork<string> =>
      async (writer) => {
        runs.push(name);
        writer.afterCommit(() => told.push(name));
        await work(writer);
        return `${name} ${runs.length}`;
      };
    const refusal = new TrackerError('NAME_TAKEN', 'taken');
    const failing = telling('failing', async (writer) => {
      await write(writer);
      throw refusal;
    });
    const works = [telling('first', insert(1)), failing, telling('last', insert(3))];
    const outcomes = await Promise.allSettled(works.map((work) => queue.submit(work)));
    expect(outcomes).toEqual([
      { status: 'fulfilled', value: 'first 3' },
      { status: 'rejected', reason: refusal },
      { status: 'fulfilled', value: 'last 5' },
    ]);
    expect(runs).toEqual(['first', 'failing', 'first', 'failing', 'last']);
    expect(told).toEqual(['first', 'last']);
    expect([commits, savepoints]).toEqual([1, 3]);
    expect(await values()).toEqual([1, 3]);
  });

  it('takes no request for committed whose transaction an error has ended', async () => {
    await sql.run(`CREATE TRIGGER ended BEFORE INSERT ON numbers WHEN NEW.value = 99
      BEGIN SELECT RAISE(ROLLBACK, 'ended'); END`);
    const works = [insert(1), insert(99), insert(2)];
    const outcomes = await Promise.allSettled(works.map((work) => queue.submit(work)));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(await values()).toEqual([]);
    await queue.submit(insert(3));
    expect(await values()).toEqual([3]);
  });

  it('answers after the commit', async () => {
    const seen: number[] = [];
    await queue.submit(insert(1)).then(() => seen.push(commits));
    expect(seen).toEqual([1]);
  });

  it('splits what is more than one transaction', async () => {
    await Promise.all(Array.from({ length: 60 }, (_, value) => queue.submit(insert(value + 20))));
    expect(commits).toBe(2);
  });

  it('refuses with BUSY what it has no room for', async () => {
    const accepted = Array.from({ length: 100 }, (_, value) => queue.submit(insert(value + 20)));
    const refused = expect(queue.submit(insert(1))).rejects;
    await refused.toMatchObject({ code: 'BUSY', retryAfterMs: 100 });
    await Promise.all(accepted);
    await queue.submit(insert(2));
  });

  it('refuses all of a batch whose commit fails, and goes on', async () => {
    await sql.run('CREATE TABLE parents (id INTEGER PRIMARY KEY)');
    await sql.run(`CREATE TABLE children (parent INTEGER
      REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)`);
    const orphan = queue.submit((writer) => writer.run('INSERT INTO children VALUES (1)'));
    const innocent = queue.submit(insert(1));
    await expect(orphan).rejects.toThrow('FOREIGN KEY');
    await expect(innocent).rejects.toThrow('FOREIGN KEY');
    expect(await values()).toEqual([]);
    await queue.submit(insert(2));
    expect(await values()).toEqual([2]);
  });

  it('commits what waits when it closes, and takes no more', async () => {
    const last = queue.submit(insert(1));
    const closed = queue.close();
    await expect(queue.submit(insert(2))).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    await Promise.all([last, closed, queue.close()]);
    expect(await values()).toEqual([1]);
  });
});
