// announce-program ADDRESS: a BitTorrent tracker for one benchmark, on a port of its own choosing. Tells everybody
// who asks of everybody else, at once and in memory. Prints `ready HOST:PORT`, and `complete HOST:PORT` when
// a peer says that it has everything. Source: BEP 3 and BEP 23 (compact peers).
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bencode } from './bencode.js';

/** Short, so that the first to come soon learns of the last. */
const INTERVAL_SECONDS = 5;

const peers = new Map<string, Buffer>();

function compactAddress(host: string, port: number): Buffer {
  const address = host.replace('::ffff:', '').split('.').map(Number);
  return Buffer.from([...address, port >> 8, port & 0xff]);
}

const server = createServer((request, response) => {
  const { searchParams } = new URL(request.url ?? '/', 'http://tracker');
  const host = request.socket.remoteAddress ?? '0.0.0.0';
  const port = Number(searchParams.get('port'));
  const id = `${host}:${port}`;
  if (searchParams.get('event') === 'stopped') peers.delete(id);
  else peers.set(id, compactAddress(host, port));
  if (searchParams.get('left') === '0') process.stdout.write(`complete ${id}\n`);
  const others = [...peers].flatMap(([other, address]) => (other === id ? [] : [address]));
  response.end(bencode({ interval: INTERVAL_SECONDS, peers: Buffer.concat(others) }));
});
server.listen(0, process.argv[2], () => {
  const { address, port } = server.address() as AddressInfo;
  process.stdout.write(`ready ${address}:${port}\n`);
});
