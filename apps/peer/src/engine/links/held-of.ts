import { Bitfield, type BitfieldMessage } from '#protocol';

/** What a bitfield frame says. Throws ProtocolError when it is of another length than the file's. */
export function heldOf({ held }: BitfieldMessage, chunkCount: number): Bitfield {
  if (held === 'all') return Bitfield.full(chunkCount);
  if (held === 'none') return Bitfield.empty(chunkCount);
  return Bitfield.fromBytes(chunkCount, held);
}
