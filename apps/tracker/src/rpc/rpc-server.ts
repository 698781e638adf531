import type { Server, Socket } from 'node:net';
import { ServerTCP, type TcpSocket } from '@nestjs/microservices';
import { InvalidTcpDataReceptionException } from '@nestjs/microservices/errors/invalid-tcp-data-reception.exception.js';
import { isObservable, lastValueFrom } from 'rxjs';
import type { Endpoint, Identity } from '#protocol';
import { PinnedServer, type PinningError, type TlsIdentity } from '#identity';
import { StrangerLog } from '../logging/stranger-log.js';
import { ANYBODY, AskerContext, type Asker, type Gatekeeper } from './asker.js';
import { FairShares } from './fair-shares.js';
import { RenderedReply } from './rendered-reply.js';
import { toRpcRefusal } from './rpc-error.filter.js';
import {
  MAX_CONNECTION_COUNT,
  MAX_CONNECTION_COUNT_OF_MEMBER,
  MAX_UNPROVEN_CONNECTION_COUNT,
} from './rpc-limits.js';
import { MET_EVENT, RpcSocket, type RpcReply, type RpcRequest } from './rpc-socket.js';

const NO_SUCH_PATTERN: RpcReply = {
  err: JSON.stringify({ code: 'INVALID_REQUEST', message: 'no such pattern' }),
};

/** What makes connections encrypted, and their other ends known. */
export interface SecuredTransport {
  readonly own: TlsIdentity;
  readonly gatekeeper: Gatekeeper;
  /** Told of connections that never proved who they are. */
  readonly onRefused: (error: PinningError) => void;
}

/**
 * Nest's TCP transport with a shorter way from a request to its handler and back: one reply is one
 * value, so there is no stream around it, and a reply may come as JSON that is ready. Secured, both
 * ends prove who they are before a byte is read, and the gatekeeper sees every request first.
 */
export class RpcServer extends ServerTCP {
  private readonly pinned: PinnedServer | undefined;
  private readonly brokenLog = new StrangerLog();
  private readonly identities = new WeakMap<Socket, Identity>();
  private readonly shares = new FairShares({
    maxConnectionCount: MAX_CONNECTION_COUNT,
    maxOfIdentityCount: MAX_CONNECTION_COUNT_OF_MEMBER,
  });

  constructor(
    { host, port }: Endpoint,
    private readonly secured: SecuredTransport | undefined,
  ) {
    super({ host, port, socketClass: RpcSocket });
    if (secured !== undefined) this.pinned = this.openPinned(secured);
  }

  /** Nest has a line for each connection that breaks the framing. */
  protected override handleError(error: string | Error): void {
    if (error instanceof InvalidTcpDataReceptionException) {
      this.brokenLog.tell('a connection was closed: it broke the framing, or did not go on');
    } else {
      super.handleError(typeof error === 'string' ? error : error.message);
    }
  }

  /** Ends all handshakes that are not done. */
  closeUnproven(): void {
    this.pinned?.closeUnproven();
  }

  override async handleMessage(socket: TcpSocket, message: unknown): Promise<void> {
    if (!(socket instanceof RpcSocket)) throw new TypeError('not a socket of ours');
    const request = message as RpcRequest;
    socket.reply(request.id, await this.answer(socket, request));
  }

  /** In the place of the server that the transport made for plain connections. */
  private openPinned({ own, onRefused }: SecuredTransport): PinnedServer {
    const pinned = new PinnedServer({
      own,
      protocol: 'shoal-tracker/1',
      maxUnprovenCount: MAX_UNPROVEN_CONNECTION_COUNT,
      admit: ({ socket, identity }) => {
        this.identities.set(socket, identity);
        this.bindHandler(socket);
      },
      onRefused,
    });
    const server: Server = pinned.server;
    this.server = server;
    this.registerListeningListener(server);
    this.registerErrorListener(server);
    this.registerCloseListener(server);
    return pinned;
  }

  private async answer(socket: RpcSocket, request: RpcRequest): Promise<RpcReply> {
    const { pattern, data } = request;
    const handler = this.messageHandlers.get(pattern);
    if (handler === undefined) return NO_SUCH_PATTERN;
    try {
      const context = new AskerContext(socket, pattern, await this.admit(socket, request));
      const result: unknown = await handler(data, context);
      const response: unknown = isObservable(result) ? await lastValueFrom(result) : result;
      if (response instanceof RenderedReply) return { response: response.json };
      return { response: JSON.stringify(response) };
    } catch (error) {
      // Handlers throw what crosses the wire; the gatekeeper is asked outside of them.
      const refusal = error instanceof Error ? toRpcRefusal(error) : error;
      return { err: JSON.stringify(refusal) };
    }
  }

  private admit(socket: RpcSocket, request: RpcRequest): Asker | Promise<Asker> {
    const { secured } = this;
    if (secured === undefined) return this.met(socket, ANYBODY);
    const identity = this.identities.get(socket.netSocket);
    if (identity === undefined) throw new TypeError('a connection that has proven nothing');
    const asker = secured.gatekeeper.admit(request, identity);
    if (asker instanceof Promise) return asker.then((known) => this.met(socket, known));
    return this.met(socket, asker);
  }

  private met(socket: RpcSocket, asker: Asker): Asker {
    if (asker.standing !== 'member') return asker;
    if (asker.identity !== undefined) this.shares.take(socket.netSocket, asker.identity);
    socket.netSocket.emit(MET_EVENT);
    return asker;
  }
}
