import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Endpoint } from '#protocol';

/** Passes TCP connections on to a port of this machine, and cuts them when told to. */
export class CutProxy implements AsyncDisposable {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    /** Where connections go. */
    private readonly target: Endpoint,
    private readonly readAlong: (bytes: Buffer) => void,
  ) {
    server.on('connection', (socket) => this.pass(socket));
  }

  /** Without a port it passes on to its own port at the target's address. `readAlong` is given all
   *  that goes through, either way, as anybody on the way sees it. */
  static async open(
    { host, port }: { host: string; port?: number },
    readAlong: (bytes: Buffer) => void = () => undefined,
  ): Promise<CutProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const own = (server.address() as AddressInfo).port;
    return new CutProxy(server, { host, port: port ?? own }, readAlong);
  }

  /** `HOST:PORT`. */
  get url(): string {
    return `127.0.0.1:${this.port}`;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Both ends see a reset. Returns how many connections there were. */
  cut(): number {
    const count = this.sockets.size / 2;
    for (const socket of this.sockets) socket.resetAndDestroy();
    return count;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.close();
    this.cut();
    await once(this.server, 'close');
  }

  private pass(inner: Socket): void {
    const outer = connect(this.target);
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      this.sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
      from.on('data', this.readAlong);
      from.pipe(to);
    }
  }
}
