import { describe, expect, it } from 'vitest';
import { Bitfield, Manifest, toChunkIndex } from '#protocol';
import { sampleFile } from '../../../../../test/support/tracker-peer.js';
import { SessionLab } from '../../../../../test/support/session-lab.js';
import { Announcement } from './announcement.js';
import { beginReports, reportBatches } from './chunk-report.js';
import { Transfer } from '../transfer/transfer.js';

async function announcementOf(chunkCount: number): Promise<Announcement> {
  await using lab = await SessionLab.open();
  const { sizeBytes, hashes } = sampleFile({ seed: 1, chunkCount });
  const manifest = Manifest.fromHashes({ sizeBytes, hashes: Buffer.from(hashes, 'base64') });
  const held = Bitfield.empty(manifest.chunkCount);
  return new Announcement(new Transfer(manifest, held, undefined, lab.session.transferHost));
}

const gain = (announcement: Announcement, indexes: readonly number[]) => {
  for (const index of indexes) announcement.gain(toChunkIndex(index));
};

describe('a report', () => {
  it('is made again when it did not get through, with what was gained since', async () => {
    const announcement = await announcementOf(9);
    announcement.isRegistered = true;
    gain(announcement, [4, 3]);
    expect(announcement.beginReport()?.ranges).toEqual([[3, 4]]);
    gain(announcement, [7]);
    announcement.abandonReport();
    expect(announcement.beginReport()?.ranges).toEqual([
      [3, 4],
      [7, 7],
    ]);
    announcement.endReport({ ok: true });
    expect(announcement.beginReport()?.ranges).toEqual([]);
    expect(announcement.isRegistered).toBe(true);
  });

  it('becomes a registration when the tracker refuses it', async () => {
    const announcement = await announcementOf(9);
    announcement.isRegistered = true;
    gain(announcement, [4]);
    announcement.beginReport();
    announcement.endReport({ ok: false, code: 'NOT_IN_SWARM', message: '' });
    expect(announcement.isRegistered).toBe(false);
  });

  it('is cut into messages that a tracker takes', async () => {
    const announcement = await announcementOf(9);
    const file = (rangeCount: number) => {
      const ranges = Array.from({ length: rangeCount }, (_, index) => [index, index] as const);
      return { entry: announcement, file: { digest: '', ranges } };
    };
    const sizes = (reports: ReturnType<typeof file>[]) =>
      [...reportBatches(reports)].map((batch) => batch.length);
    expect(sizes([])).toEqual([]);
    expect(sizes(Array.from({ length: 201 }, () => file(1)))).toEqual([100, 100, 1]);
    expect(sizes([file(8_192), file(8_192), file(1)])).toEqual([2, 1]);
    expect(beginReports([announcement])).toEqual([]);
  });
});

describe('a name', () => {
  it('is only kept once it is registered', async () => {
    const announcement = await announcementOf(1);
    const results = announcement.add([{ name: 'x', naming: 'replace' }]);
    announcement.settle('x', { ok: true });
    expect(await results).toEqual([{ ok: true }]);
    expect(announcement.names).toMatchObject([{ name: 'x', naming: 'keep' }]);
  });

  it('is forgotten when it is refused, and answers everybody who asked for it', async () => {
    const announcement = await announcementOf(1);
    const both = [1, 2].map(() => announcement.add([{ name: 'x', naming: 'publish' }]));
    const refusal = { ok: false, code: 'NAME_TAKEN', message: 'taken' } as const;
    announcement.settle('x', refusal);
    expect(await Promise.all(both)).toEqual([[refusal], [refusal]]);
    expect(announcement.names).toEqual([]);
  });
});
