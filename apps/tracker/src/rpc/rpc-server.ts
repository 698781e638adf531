import { ServerTCP, TcpContext, type TcpSocket } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import type { Endpoint } from '#protocol';
import { RenderedReply } from './rendered-reply.js';
import { RpcSocket, type RpcReply, type RpcRequest } from './rpc-socket.js';

const NO_SUCH_PATTERN: RpcReply = {
  err: JSON.stringify({ code: 'INVALID_REQUEST', message: 'no such pattern' }),
};

/**
 * Nest's TCP transport with a shorter way from a request to its handler and back: one reply is one
 * value, so there is no stream around it, and a reply may come as JSON that is ready.
 */
export class RpcServer extends ServerTCP {
  constructor({ host, port }: Endpoint) {
    super({ host, port, socketClass: RpcSocket });
  }

  override async handleMessage(socket: TcpSocket, message: unknown): Promise<void> {
    if (!(socket instanceof RpcSocket)) throw new TypeError('not a socket of ours');
    const request = message as RpcRequest;
    socket.reply(request.id, await this.answer(socket, request));
  }

  private async answer(socket: RpcSocket, { pattern, data }: RpcRequest): Promise<RpcReply> {
    const handler = this.messageHandlers.get(pattern);
    if (handler === undefined) return NO_SUCH_PATTERN;
    try {
      const context = new TcpContext([socket, pattern, {}]);
      const result: unknown = await handler(data, context);
      const response: unknown = isObservable(result) ? await lastValueFrom(result) : result;
      if (response instanceof RenderedReply) return { response: response.json };
      return { response: JSON.stringify(response) };
    } catch (refusal) {
      return { err: JSON.stringify(refusal) };
    }
  }
}
