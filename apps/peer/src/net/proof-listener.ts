import type { AddressInfo } from 'node:net';
import { PinnedServer, type TlsIdentity } from '#identity';
import type { Endpoint } from '#protocol';

const MAX_CALLER_COUNT = 16;

/** Listens where peers would connect, proves to whoever calls who is there, and hangs up. */
export class ProofListener implements AsyncDisposable {
  private constructor(
    private readonly pinned: PinnedServer,
    readonly endpoint: Endpoint,
  ) {}

  /** Port 0 picks a free one. Rejects with the system's error when the address cannot be had. */
  static async listen(own: TlsIdentity, { host, port }: Endpoint): Promise<ProofListener> {
    const pinned = new PinnedServer({
      own,
      protocol: 'shoal/1',
      maxUnprovenCount: MAX_CALLER_COUNT,
      admit: ({ socket }) => {
        socket.on('error', () => undefined); // it is gone all the same
        socket.destroy();
      },
    });
    const { server } = pinned;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, resolve);
    });
    server.on('error', () => undefined); // one caller less
    return new ProofListener(pinned, { host, port: (server.address() as AddressInfo).port });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.pinned.closeUnproven();
    await new Promise((closed) => this.pinned.server.close(closed));
  }
}
