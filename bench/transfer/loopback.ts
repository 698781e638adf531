import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Distributor, Place } from '../distributors/distributor.js';
import type { Stage } from '../harness/stage.js';

/** A place on this machine, with a folder of its own. Traffic stays inside: also what goes to the
 *  address of a real interface never leaves the machine. */
export async function loopbackPlace(
  stage: Stage,
  distributor: Distributor,
  title: string,
): Promise<Place> {
  const address = distributor.refusesLoopback === true ? outsideAddress() : '127.0.0.1';
  const folder = await stage.makeFolder(title);
  return { title, address, port: await freePort(address), prefix: [], folder };
}

function outsideAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const found = addresses.find(({ internal, family }) => !internal && family === 'IPv4');
  if (found === undefined) throw new Error('this machine has no address but 127.0.0.1');
  return found.address;
}

async function freePort(address: string): Promise<number> {
  const server = createServer();
  server.listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
