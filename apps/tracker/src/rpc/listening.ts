import type { AddressInfo, Server } from 'node:net';
import { formatEndpoint, type Endpoint } from '#protocol';
import { CommandError } from '../cli/command-error.js';

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program is listening there',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'this user may not listen there',
  ENOTFOUND: 'no such host name is known',
  EAI_AGAIN: 'the host name cannot be looked up',
};

/** Runs `listen` and makes every failure of it an ADDRESS_UNAVAILABLE that names the address: some of
 *  them the transport only reports as an event, and would wait for ever. */
export async function whileListening(
  server: Server,
  wanted: Endpoint,
  listen: () => Promise<unknown>,
): Promise<void> {
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  server.once('error', fail);
  try {
    await Promise.race([listen(), failed]);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    const reason = REASONS[code] ?? (cause instanceof Error ? cause.message : code);
    const message = `cannot listen on ${formatEndpoint(wanted)}: ${reason}`;
    throw new CommandError('ADDRESS_UNAVAILABLE', message, { cause });
  } finally {
    server.off('error', fail);
  }
}

export function boundEndpoint(server: Server): Endpoint {
  const { address, port } = server.address() as AddressInfo;
  return { host: address, port };
}
