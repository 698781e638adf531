import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PinningError } from '#identity';
import { HandshakeLog } from './handshake-log.js';

let lines: string[];
beforeEach(() => {
  lines = [];
  const note = (message: unknown) => void lines.push(String(message));
  Logger.overrideLogger({ log: note, error: note, warn: note });
});
afterEach(() => Logger.overrideLogger(['error']));

const refused = (code?: string) => {
  const cause = Object.assign(new Error('from a stranger'), { code });
  return new PinningError('HANDSHAKE_FAILED', 'the handshake failed', { cause });
};

it('says what it is that begins without a handshake', () => {
  new HandshakeLog().refused(refused('ERR_SSL_WRONG_VERSION_NUMBER'), 0);
  expect(lines).toEqual([expect.stringContaining('does not speak TLS; is that a peer with')]);
});

it('says one line for all of a minute, however many strangers come', () => {
  const log = new HandshakeLog();
  for (let count = 0; count < 1_000; count += 1) log.refused(refused(), count);
  expect(lines).toEqual(['a connection was refused: the handshake failed (HANDSHAKE_FAILED)']);
  log.refused(refused(), 60_000);
  expect(lines.at(-1)).toContain('(1000 of them since the last line)');
});
