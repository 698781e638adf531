import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { canMount, mountDisk } from '../../../../test/support/small-disk.js';
import { OpenDatabase } from './open-database.js';

const KIB_ENOUGH = 4_096;
const KIB_STEP = 32;

/** Whether a new database could be made there. */
async function make(path: string): Promise<'made' | 'refused'> {
  try {
    await (await OpenDatabase.open(path)).close();
    return 'made';
  } catch {
    return 'refused';
  }
}

describe.runIf(canMount())('a disk that fills up while the database is made', () => {
  it('leaves nothing of it, and it is made once there is room', async () => {
    const outcomes = [];
    for (let kib = KIB_STEP; outcomes.at(-1) !== 'made'; kib += KIB_STEP) {
      const folder = mountDisk(`size=${kib}k`);
      const path = join(folder, 'tracker.db');
      const outcome = await make(path);
      outcomes.push(outcome);
      expect(readdirSync(folder), `${kib} KiB`).toEqual(outcome === 'made' ? ['tracker.db'] : []);
      execFileSync('mount', ['-o', `remount,size=${KIB_ENOUGH}k`, folder]);
      expect(await make(path), `${kib} KiB`).toBe('made');
    }
    expect(outcomes.length).toBeGreaterThan(5);
  });
});
