import { MAX_TRACKER_MESSAGE_CHARS } from '#protocol';
import { written } from '../../test/support/strangers.js';
import { keepBusy, LINES_AT_ONCE, untilAborted, type Abuse } from './abuse-kind.js';
import { STRANGER_ABUSE } from './stranger-abuse.js';

const STALLED_COUNT = 100;
const TINY_PER_WRITE = 2_000;
const ASKED_PER_READER = 64;

const frame = (value: unknown) => {
  const json = JSON.stringify(value);
  return Buffer.from(`${json.length}#${json}`);
};
const request = (pattern: string, data: unknown, id = '1') => frame({ pattern, id, data });
const LIST = request('list', { prefix: '', limit: 1_000 });

/** What is done to a tracker's port, by its name in the table. */
export const TRACKER_ABUSE: Readonly<Record<string, Abuse>> = {
  ...STRANGER_ABUSE,
  'half messages': async ({ strangers, signal }) => {
    const half = `${MAX_TRACKER_MESSAGE_CHARS}#${'x'.repeat(MAX_TRACKER_MESSAGE_CHARS - 1)}`;
    const beginning = Buffer.concat([LIST, Buffer.from(half)]);
    await keepBusy(STALLED_COUNT, async () => {
      while (!signal.aborted) {
        const socket = await strangers.dial();
        await written(socket, beginning);
        await untilAborted(signal, socket);
      }
    });
  },
  'tiny requests of nothing': async ({ strangers, signal }) => {
    const bytes = tinyRequests('x');
    await keepBusy(LINES_AT_ONCE, () => strangers.flood(() => bytes, { signal }));
  },
  'tiny requests': async ({ strangers, signal }) => {
    const bytes = tinyRequests('status');
    await keepBusy(LINES_AT_ONCE, () => strangers.flood(() => bytes, { signal }));
  },
  'long replies unread': async ({ strangers, signal }) => {
    await keepBusy(LINES_AT_ONCE, async () => {
      while (!signal.aborted) {
        const socket = await strangers.dial({ reads: 'nothing' });
        for (let asked = 0; asked < ASKED_PER_READER; asked += 1) socket.write(LIST);
        await untilAborted(signal, socket);
      }
    });
  },
};

function tinyRequests(pattern: string): Buffer {
  const numbers = Array.from({ length: TINY_PER_WRITE }, (_, number) => String(number));
  return Buffer.concat(numbers.map((id) => request(pattern, { ref: 'x', limit: 1 }, id)));
}
