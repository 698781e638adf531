// raw-stream receive ADDRESS PORT COUNT: waits for COUNT connections, tells all to begin, takes what they send and
//   prints as JSON all bytes and the best rate that held for WINDOW_MS.
// raw-stream send ADDRESS PORT BYTES: connects, waits to be told, and sends so many bytes.
// Plain TCP without anything of ours: what a link really carries.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { finished } from 'node:stream/promises';

const STEP_BYTES = 64 * 1024;
/** So long that what a busy machine lets wait for a moment, and reads at once then, is no speed. */
const WINDOW_MS = 2_000;

async function receive(address: string, port: number, connectionCount: number): Promise<void> {
  let bytes = 0;
  const moments: { atMs: number; bytes: number }[] = [];
  const server = createServer();
  server.listen(port, address);
  await once(server, 'listening');
  process.stdout.write('listening\n');
  const sockets = await connections(server, connectionCount);
  for (const socket of sockets) {
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      moments.push({ atMs: performance.now(), bytes });
    });
    socket.write('go');
  }
  await Promise.all(sockets.map((socket) => finished(socket, { writable: false })));
  server.close();
  const bestBytesPerSecond = bestRate(moments);
  process.stdout.write(`${JSON.stringify({ bytes, bestBytesPerSecond })}\n`);
}

function connections(server: Server, count: number): Promise<Socket[]> {
  return new Promise((resolve) => {
    const sockets: Socket[] = [];
    server.on('connection', (socket) => {
      if (sockets.push(socket) === count) resolve(sockets);
    });
  });
}

function bestRate(moments: readonly { atMs: number; bytes: number }[]): number {
  let best = 0;
  let first = 0;
  for (const { atMs, bytes } of moments) {
    while (atMs - moments[first]!.atMs > WINDOW_MS) first += 1;
    best = Math.max(best, bytes - moments[first]!.bytes);
  }
  return best / (WINDOW_MS / 1_000);
}

async function send(address: string, port: number, lengthBytes: number): Promise<void> {
  const socket = connect(port, address);
  await once(socket, 'data');
  const zeros = Buffer.alloc(STEP_BYTES);
  for (let left = lengthBytes; left > 0; left -= STEP_BYTES) {
    if (!socket.write(zeros.subarray(0, Math.min(left, STEP_BYTES)))) await once(socket, 'drain');
  }
  socket.end();
  await finished(socket);
}

const [verb, address, port, amount] = process.argv.slice(2) as [string, string, string, string];
await (verb === 'send' ? send : receive)(address, Number(port), Number(amount));
