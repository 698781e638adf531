import { TcpContext, type TcpSocket } from '@nestjs/microservices';
import type { GroupName, Identity, Role } from '#protocol';

/** On whose behalf a request is worked on. */
export interface Asker {
  /** As proven by the connection; undefined without encryption. */
  readonly identity: Identity | undefined;
  readonly role: Role;
  readonly groups: readonly GroupName[];
}

/** In a network without members all are alike, and belong to no group. */
export const ANYBODY: Asker = { identity: undefined, role: 'publisher', groups: [] };

/** What a handler is told beside the request. */
export class AskerContext extends TcpContext {
  constructor(
    socket: TcpSocket,
    pattern: string,
    readonly asker: Asker,
  ) {
    super([socket, pattern, {}]);
  }
}

/** Decides who may ask what, before any handler is called. Source: docs/tracker-api.md, "Who may ask". */
export interface Gatekeeper {
  /** Throws TrackerError, or rejects with one. */
  admit(
    request: { readonly pattern: string; readonly data: unknown },
    proven: Identity,
  ): Asker | Promise<Asker>;
}
