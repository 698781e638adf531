import 'reflect-metadata';
import { statSync } from 'node:fs';
import type { INestApplicationContext } from '@nestjs/common';
import type { NestApplicationContextOptions } from '@nestjs/common/interfaces/nest-application-context-options.interface.js';
import { NestFactory } from '@nestjs/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createIdentityKey, identityOfKey, newPeerId, newSession } from '#identity';
import { parseGroup, TrackerError, type Caller, type Identity, type RegisterFile } from '#protocol';
import { TempDir } from '../../../../test/support/temp-dir.js';
import { sampleFile, type SampleFile } from '../../../../test/support/tracker-peer.js';
import { AppModule } from '../app.module.js';
import { FilesService } from '../files/files.service.js';
import { LeaseSweepService } from '../peers/lease-sweep.service.js';
import { PeersService } from '../peers/peers.service.js';
import { ListingService } from '../sharing/listing.service.js';
import { SharingService } from '../sharing/sharing.service.js';
import { ANYBODY, type Asker } from '../rpc/asker.js';
import { OpenDatabase, rawConnection } from '../store/open-database.js';
import { KEPT_LOG_BYTES } from '../store/sqlite-settings.js';
import { StatusService } from '../swarm/status.service.js';
import { SwarmService } from '../swarm/swarm.service.js';
import { toTrackerConfig } from '../tracker.config.js';

const DAY_MS = 24 * 60 * 60_000;
const START_MS = Date.UTC(2026, 0, 5);
const HERE = { asker: ANYBODY, askerHost: '127.0.0.1' };

const newIdentity = () => identityOfKey(createIdentityKey());

describe('a tracker over weeks', () => {
  let folder: TempDir;
  let database: OpenDatabase;
  let app: INestApplicationContext;

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: START_MS });
    folder = await TempDir.create();
    database = await OpenDatabase.open(folder.file('tracker.db'));
    const config = toTrackerConfig({
      host: '127.0.0.1',
      port: '0',
      httpHost: '127.0.0.1',
      httpPort: '0',
      data: folder.path,
      userFolder: folder.path,
      databaseUrl: undefined,
      lease: '60s',
      keepHistory: '7d',
      keepCompletions: '21d',
      advertise: undefined,
      insecure: true,
    });
    const module = AppModule.with(config, database, undefined);
    const options: Pick<NestApplicationContextOptions, 'logger'> = { logger: ['error'] };
    app = await NestFactory.createApplicationContext(module, options);
  });
  afterEach(async () => {
    vi.useRealTimers();
    await app.close();
    await database.close();
    await folder[Symbol.asyncDispose]();
  });

  const join = async (identity: Identity = newIdentity()): Promise<Caller> => {
    const caller = { peerId: newPeerId(identity), session: newSession() };
    await app.get(PeersService).join(
      {
        ...caller,
        apiVersions: [1],
        features: [],
        hostname: 'host',
        programVersion: '0.1.0',
        os: 'linux x64',
        labels: [],
        endpoints: [{ host: '127.0.0.1', port: 7001 }],
      },
      '127.0.0.1',
    );
    return caller;
  };
  const register = (caller: Caller, file: SampleFile, change: Partial<RegisterFile> = {}) => {
    const { digest, sizeBytes, hashes } = file;
    const entry = { digest, sizeBytes, hashes, naming: 'publish', held: 'all', ...change } as const;
    return app.get(SharingService).register({ ...caller, files: [entry] }, ANYBODY);
  };
  const leave = (caller: Caller) => app.get(PeersService).leave(caller);
  const purge = (caller: Caller, ref: string) => {
    const file = { ref, scope: 'identity', naming: 'purge' } as const;
    return app.get(SharingService).unshare({ ...caller, files: [file] }, ANYBODY);
  };
  const names = async () => {
    const reply = await app.get(ListingService).list({ prefix: '', limit: 1_000 }, ANYBODY);
    const { files } = JSON.parse(reply.json) as { files: { name: string; digest: string }[] };
    return files.map(({ name }) => name);
  };
  const hostsDone = async (ref: string) =>
    (await app.get(StatusService).status({ ref, limit: 10 }, ANYBODY)).hostsDone;
  const isKnown = async (digest: string) => {
    const asked = { files: [{ digest, firstChunkIndex: 0 }] };
    return (await app.get(FilesService).manifest(asked, ANYBODY)).files[0]!.ok;
  };
  const rowCount = (table: string) =>
    rawConnection(database.reader).prepare(`SELECT COUNT(*) FROM ${table}`).pluck().get();
  /** Days pass, with a sweep on each: the peers are silent meanwhile. */
  const pass = async (dayCount: number) => {
    for (let day = 0; day < dayCount; day += 1) {
      vi.setSystemTime(Date.now() + DAY_MS);
      await app.get(LeaseSweepService).sweep(Date.now());
    }
  };

  it('forgets a replaced version, its hashes and completions once nobody has had it for a while', async () => {
    const [old, fresh] = [1, 2].map((seed) => sampleFile({ seed, chunkCount: 3 }));
    const caller = await join();
    await register(caller, old!, { name: 'latest' });
    await register(caller, fresh!, { name: 'latest', naming: 'replace' });
    await pass(6);
    expect(await isKnown(old!.digest)).toBe(true);
    await leave(caller);
    await pass(7);
    expect(await isKnown(old!.digest)).toBe(true);
    expect(await hostsDone(old!.digest)).toBe(1);
    await pass(2);
    expect(await isKnown(old!.digest)).toBe(false);
    expect([rowCount('files'), rowCount('manifest_pages'), rowCount('completions')]).toEqual([
      1, 1, 1,
    ]);
    expect(await names()).toEqual(['latest']);
    expect(await isKnown(fresh!.digest)).toBe(true);
  });

  it('keeps what somebody has, whatever its age and name', async () => {
    const [old, fresh] = [1, 2].map((seed) => sampleFile({ seed, chunkCount: 1 }));
    const identity = newIdentity();
    let caller = await join(identity);
    await register(caller, old!, { name: 'latest' });
    await register(caller, fresh!, { name: 'latest', naming: 'replace' });
    for (let week = 0; week < 6; week += 1) {
      await pass(6);
      caller = await join(identity);
      await register(caller, old!);
    }
    expect(await isKnown(old!.digest)).toBe(true);
    expect(await hostsDone(old!.digest)).toBe(1);
  });

  it('knows for whom a replaced version was as long as somebody has it', async () => {
    const [old, fresh] = [1, 2].map((seed) => sampleFile({ seed, chunkCount: 1 }));
    const identity = newIdentity();
    const owner: Asker = { ...ANYBODY, identity, groups: [parseGroup('lab')] };
    const named = { name: 'latest', naming: 'replace', allow: ['lab'] } as const;
    for (let week = 0; week < 6; week += 1) {
      const caller = await join(identity);
      const files = [old!, fresh!].map(({ digest, sizeBytes, hashes }) => {
        const file = { digest, sizeBytes, hashes, held: 'all' } as const;
        return week === 0 ? { ...file, ...named } : ({ ...file, naming: 'keep' } as const);
      });
      await app.get(SharingService).register({ ...caller, files }, owner);
      await pass(6);
    }
    expect([await isKnown(old!.digest), await isKnown(fresh!.digest)]).toEqual([false, false]);
    const asked = { files: [{ digest: old!.digest, firstChunkIndex: 0 }] };
    expect((await app.get(FilesService).manifest(asked, owner)).files).toMatchObject([
      { ok: true },
    ]);
    await pass(30);
    expect(rowCount('name_versions')).toBe(1);
  });

  it('does not let a holder bring a purged name back, however late', async () => {
    const file = sampleFile({ seed: 1, chunkCount: 1 });
    const identity = newIdentity();
    const publisher = await join(identity);
    await register(publisher, file, { name: 'gone' });
    await purge(publisher, 'gone');
    const other = newIdentity();
    for (let week = 0; week < 6; week += 1) {
      await register(await join(other), file, { name: 'gone', naming: 'keep' });
      await pass(6);
    }
    expect(await names()).toEqual([]);
    await pass(30);
    expect(rowCount('name_versions')).toBe(0);
    expect(rowCount('files')).toBe(0);
  });

  it('goes on after a time in which the clock was years ahead', async () => {
    const [early, late] = [1, 2].map((seed) => sampleFile({ seed, chunkCount: 1 }));
    const before = await join();
    await register(before, early!);
    await leave(before);
    vi.setSystemTime(START_MS + 1_000 * DAY_MS);
    await app.get(LeaseSweepService).sweep(Date.now());
    vi.setSystemTime(START_MS);
    const after = await join();
    await register(after, late!, { name: 'gone' });
    await purge(after, 'gone');
    await leave(after);
    await pass(16);
    expect([rowCount('name_versions'), rowCount('files')]).toEqual([0, 0]);
  });

  it('answers who was done for as long as it was told to', async () => {
    const file = sampleFile({ seed: 1, chunkCount: 1 });
    const caller = await join();
    await register(caller, file, { name: 'kept' });
    await pass(20);
    expect(await hostsDone('kept')).toBe(1);
    await pass(2);
    expect(await hostsDone('kept')).toBe(0);
    expect(await names()).toEqual(['kept']);
  });

  it('removes much in many small writes, and requests come in between', async () => {
    const caller = await join();
    for (let page = 0; page < 3; page += 1) {
      const files = Array.from({ length: 900 }, (_, index) => {
        const { digest, sizeBytes, hashes } = sampleFile({
          seed: page * 900 + index,
          chunkCount: 1,
        });
        return { digest, sizeBytes, hashes, naming: 'publish', held: 'all' } as const;
      });
      await app.get(SharingService).register({ ...caller, files }, ANYBODY);
    }
    await pass(7);
    vi.setSystemTime(Date.now() + DAY_MS);
    const other = await join();
    const done = new AbortController();
    const swept = app
      .get(LeaseSweepService)
      .sweep(Date.now())
      .finally(() => done.abort());
    const seen = new Set<unknown>();
    while (!done.signal.aborted) {
      await app.get(PeersService).heartbeat({ ...other, bytesUp: 0, bytesDown: 0 });
      seen.add(rowCount('chunk_ownership'));
    }
    await swept;
    expect([...seen]).toEqual(expect.arrayContaining([1_700, 700, 0]));
    expect(rowCount('peers')).toBe(1);
  });

  it('is as large after ten weeks as after six, and answers what is there', async () => {
    const tables = ['files', 'manifest_pages', 'name_versions', 'peers', 'chunk_ownership'];
    const sizes: Record<number, unknown[]> = {};
    for (let day = 0; day < 70; day += 1) {
      const callers = [await join(), await join(), await join()];
      const file = sampleFile({ seed: day, chunkCount: 40 });
      await register(callers[0]!, file, { name: 'nightly', naming: 'replace' });
      for (const caller of callers.slice(1)) await register(caller, file);
      const reply = await app
        .get(SwarmService)
        .locations({ files: ['nightly', file.digest], limit: 10 }, HERE);
      const located = JSON.parse(reply.json) as { files: { file: { digest: string } }[] };
      expect(located.files.map((one) => one.file.digest)).toEqual([file.digest, file.digest]);
      expect(located.files).toMatchObject([{ count: 3 }, { count: 3 }]);
      await leave(callers[1]!);
      await pass(1);
      if (day === 41 || day === 69) {
        sizes[day] = [...tables, 'completions', 'idle_files'].map(rowCount);
      }
    }
    expect(sizes[69]).toEqual(sizes[41]);
    expect(await names()).toEqual(['nightly']);
    expect(statSync(folder.file('tracker.db-wal')).size).toBeLessThan(KEPT_LOG_BYTES);
  });

  it('gives keys that are used again to nobody by mistake', async () => {
    const first = sampleFile({ seed: 1, chunkCount: 1 });
    const caller = await join();
    await register(caller, first);
    const locate = async (digest: string) => {
      const asked = { files: [digest], limit: 10 };
      const reply = await app.get(SwarmService).locations(asked, HERE);
      return JSON.parse(reply.json) as { files: unknown[] };
    };
    expect((await locate(first.digest)).files).toMatchObject([{ ok: true, count: 1 }]);
    await leave(caller);
    await pass(9);
    expect((await locate(first.digest)).files).toMatchObject([{ code: 'FILE_NOT_FOUND' }]);
    const second = sampleFile({ seed: 2, chunkCount: 5 });
    const again = await join();
    await register(again, second, { held: 'nothing' });
    expect(rowCount('files')).toBe(1);
    expect((await locate(second.digest)).files).toMatchObject([
      { ok: true, count: 1, locations: [{ peerId: again.peerId, chunksHeld: 0 }] },
    ]);
    await expect(
      app.get(StatusService).status({ ref: first.digest, limit: 1 }, ANYBODY),
    ).rejects.toThrow(TrackerError);
  });
});
