import { Inject, Injectable } from '@nestjs/common';
import { TRACKER_PATTERNS, TrackerError, type Identity } from '#protocol';
import type { Asker, Gatekeeper } from '../rpc/asker.js';
import { Members } from './members.service.js';

/** Of a secured network: only members ask, each for itself, and whoever is to become one enrols. */
@Injectable()
export class MembershipGate implements Gatekeeper {
  constructor(@Inject(Members) private readonly members: Members) {}

  admit(
    { pattern, data }: { readonly pattern: string; readonly data: unknown },
    proven: Identity,
  ): Asker | Promise<Asker> {
    if (pattern === TRACKER_PATTERNS.enrol) {
      return { identity: proven, standing: 'stranger', role: 'reader', groups: [] };
    }
    const asker = this.members.check(proven);
    refuseOthersPeerId(data, proven);
    return asker;
  }
}

/** A peer id begins with its identity. What is no text is refused by the handler. */
function refuseOthersPeerId(data: unknown, proven: Identity): void {
  const { peerId } = (data ?? {}) as { readonly peerId?: unknown };
  if (typeof peerId !== 'string' || peerId.startsWith(`${proven}-`)) return;
  const message = 'the peer id is not of the identity that this connection has proven';
  throw new TrackerError('WRONG_IDENTITY', message);
}
