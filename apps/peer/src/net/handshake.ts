import {
  encodeMessage,
  HELLO_FIELDS,
  MAX_VERSION_CHARS,
  ProtocolError,
  WIRE_VERSION,
  type HelloMessage,
  type PeerId,
  type WireMessage,
} from '#protocol';

/** What this process says of itself in every hello. */
export interface HelloSelf {
  readonly peerId: PeerId;
  readonly programVersion: string;
}

export function encodeHello(self: HelloSelf): Buffer {
  const programVersion = Buffer.from(self.programVersion.slice(0, MAX_VERSION_CHARS));
  return encodeMessage({
    type: 'hello',
    version: WIRE_VERSION,
    features: 0,
    peerId: self.peerId,
    fields: [{ type: HELLO_FIELDS.programVersion, value: programVersion }],
  });
}

/**
 * The first frame of the other end. Throws ProtocolError: UNEXPECTED_FRAME when it is no hello,
 * WRONG_PEER when it is not who was dialled, or when it is ourselves.
 */
export function acceptHello(
  message: WireMessage | undefined,
  ends: { self: PeerId; expected: PeerId | undefined },
): HelloMessage {
  if (message?.type !== 'hello') {
    throw new ProtocolError('UNEXPECTED_FRAME', { expected: 'hello', got: message?.type });
  }
  if (ends.expected !== undefined && message.peerId !== ends.expected) {
    throw new ProtocolError('WRONG_PEER', { expected: ends.expected, got: message.peerId });
  }
  if (message.peerId === ends.self) throw new ProtocolError('WRONG_PEER', { reason: 'ourselves' });
  return message;
}
