import type { TcpContext } from '@nestjs/microservices';

/** The address a request comes from, an IPv4 address without its IPv6 mapping. */
export function observedHost(context: TcpContext): string {
  const address = context.getSocketRef().socket.remoteAddress ?? '';
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
}
