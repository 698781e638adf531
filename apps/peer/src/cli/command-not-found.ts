import type { Hook } from '@oclif/core';
import { TransferError } from '../core/transfer-error.js';
import { toFailure } from './command-failure.js';
import { renderError } from './render-error.js';

/** Unknown commands are wrong usage, in JSON too. */
export const commandNotFound: Hook.CommandNotFound = function ({ id, argv, config, context }) {
  // With words after it, oclif takes all of them for one command, joined by colons.
  const [word = ''] = id.split(':');
  const what = word.startsWith('-') ? 'say which command' : `there is no command "${word}"`;
  const message = `${what}; ${config.bin} --help lists them`;
  const failure = toFailure(new TransferError('USAGE', message));
  const isJson = [id, ...(argv ?? [])].includes('--json');
  if (isJson) process.stdout.write(renderError(failure, 'json'));
  else process.stderr.write(renderError(failure, 'text'));
  context.exit(failure.exit);
  return Promise.resolve();
};
