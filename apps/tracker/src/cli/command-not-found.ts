import type { Hook } from '@oclif/core';
import { CommandError } from './command-error.js';
import { renderError } from './render-error.js';

/** Unknown commands are wrong usage, in JSON too. */
export const commandNotFound: Hook.CommandNotFound = function ({ id, argv, config, context }) {
  const message = `there is no command "${id}"; ${config.bin} --help lists them`;
  const failure = new CommandError('USAGE', message);
  const isJson = [id, ...(argv ?? [])].includes('--json');
  if (isJson) process.stdout.write(`${renderError(failure, 'json')}\n`);
  else process.stderr.write(`${renderError(failure, 'text')}\n`);
  context.exit(failure.exitCode);
  return Promise.resolve();
};
