import type { Hook } from '@oclif/core';
import { TransferError } from '../core/transfer-error.js';
import { toFailure } from './command-failure.js';
import { renderError } from './render-error.js';

/** Unknown commands are wrong usage, in JSON too. */
export const commandNotFound: Hook.CommandNotFound = function ({ id, argv, config, context }) {
  const message = `there is no command "${id}"; ${config.bin} --help lists them`;
  const failure = toFailure(new TransferError('USAGE', message));
  const isJson = [id, ...(argv ?? [])].includes('--json');
  if (isJson) process.stdout.write(`${renderError(failure, 'json')}\n`);
  else process.stderr.write(`${renderError(failure, 'text')}\n`);
  context.exit(failure.exit);
  return Promise.resolve();
};
