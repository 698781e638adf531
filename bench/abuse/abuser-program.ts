// node abuser-program.js PORT KIND HOST:PORT [DIGEST CHUNK_COUNT]: abuses a port until SIGTERM.
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseEndpoint } from '#protocol';
import { Strangers } from '../../test/support/strangers.js';
import type { AbusedPort } from './abuse-kind.js';
import { ABUSE_KINDS } from './abuse-kinds.js';

/** Until what is built up stands. */
const SETTLE_MS = 1_500;

const [port, kind, address, digest, chunkCount] = process.argv.slice(2);
const abuse = ABUSE_KINDS[port as AbusedPort][kind!]!;
const endpoint = parseEndpoint(address!);
const file = digest === undefined ? undefined : { digest, chunkCount: Number(chunkCount) };

const stopping = new AbortController();
setMaxListeners(0, stopping.signal);
process.once('SIGTERM', () => process.exit(0));
// Sockets that are not read keep no process alive.
setInterval(() => undefined, SETTLE_MS);
const strangers = new Strangers(endpoint);
const abusing = abuse({ strangers, target: { endpoint, file }, signal: stopping.signal });
await Promise.race([abusing, sleep(SETTLE_MS)]);
process.stdout.write('abusing\n');
await abusing;
