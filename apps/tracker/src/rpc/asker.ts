import { TcpContext, type TcpSocket } from '@nestjs/microservices';
import type { GroupName, Identity, Role } from '#protocol';

/** On whose behalf a request is worked on. */
export interface Asker {
  /** As proven by the connection; undefined without encryption. */
  readonly identity: Identity | undefined;
  /** Who is to become a member has proven nothing but a name. */
  readonly standing: 'member' | 'stranger';
  readonly role: Role;
  readonly groups: readonly GroupName[];
}

/** In a network without members all are alike, and belong to no group. */
export const ANYBODY: Asker = {
  identity: undefined,
  standing: 'member',
  role: 'publisher',
  groups: [],
};

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
