import {
  encodeMessage,
  HELLO_FIELDS,
  identityOf,
  MAX_VERSION_CHARS,
  ProtocolError,
  WIRE_VERSION,
  type HelloMessage,
  type Identity,
  type PeerId,
  type WireMessage,
} from '#protocol';

/** What this process says of itself in every hello. */
export interface HelloSelf {
  readonly peerId: PeerId;
  readonly programVersion: string;
}

/** What a hello says. */
export interface OwnHello extends HelloSelf {
  /** Our membership, signed; where members have to prove who they are. */
  readonly credential?: string | undefined;
}

export function encodeHello(self: OwnHello): Buffer {
  const programVersion = Buffer.from(self.programVersion.slice(0, MAX_VERSION_CHARS));
  const { credential } = self;
  const shown =
    credential === undefined
      ? []
      : [{ type: HELLO_FIELDS.credential, value: Buffer.from(credential) }];
  return encodeMessage({
    type: 'hello',
    version: WIRE_VERSION,
    features: 0,
    peerId: self.peerId,
    fields: [...shown, { type: HELLO_FIELDS.programVersion, value: programVersion }],
  });
}

/**
 * The first frame of the other end. Throws ProtocolError: UNEXPECTED_FRAME when it is no hello,
 * WRONG_PEER when it is not who was dialled, not whom the connection has proven, or ourselves.
 */
export function acceptHello(
  message: WireMessage | undefined,
  ends: { self: PeerId; expected: PeerId | undefined; proven: Identity | undefined },
): HelloMessage {
  if (message?.type !== 'hello') {
    throw new ProtocolError('UNEXPECTED_FRAME', { expected: 'hello', got: message?.type });
  }
  if (ends.expected !== undefined && message.peerId !== ends.expected) {
    throw new ProtocolError('WRONG_PEER', { expected: ends.expected, got: message.peerId });
  }
  if (ends.proven !== undefined && identityOf(message.peerId) !== ends.proven) {
    throw new ProtocolError('WRONG_PEER', { claimed: message.peerId, proven: ends.proven });
  }
  if (message.peerId === ends.self) throw new ProtocolError('WRONG_PEER', { reason: 'ourselves' });
  return message;
}
