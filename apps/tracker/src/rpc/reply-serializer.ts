import type { Serializer, WritePacket } from '@nestjs/microservices';

type OutgoingPacket = WritePacket & { readonly id?: string };

/** Gives the transport's own refusal of an unknown pattern, a bare text, the shape of the others. */
export class ReplySerializer implements Serializer<OutgoingPacket, OutgoingPacket> {
  serialize(packet: OutgoingPacket): OutgoingPacket {
    if (typeof packet.err !== 'string') return packet;
    const err = { code: 'INVALID_REQUEST', message: 'no such pattern' };
    return { err, isDisposed: true, ...(packet.id === undefined ? {} : { id: packet.id }) };
  }
}
