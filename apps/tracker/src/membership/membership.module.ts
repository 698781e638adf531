import { Global, Module, type DynamicModule } from '@nestjs/common';
import { Credentials } from './credentials.service.js';
import { Enrolment } from './enrolment.service.js';
import { FirstInvite } from './first-invite.service.js';
import { Grants } from './grants.service.js';
import { Members } from './members.service.js';
import { MembershipGate } from './membership-gate.js';
import { MembershipController } from './membership.controller.js';
import { TRACKER_KEY } from './membership.tokens.js';
import type { TrackerKey } from './tracker-key.js';

/** Who may take part in a secured network: invites, members, and what they show each other. */
@Global()
@Module({})
export class MembershipModule {
  /** Without a key: a network without members. */
  static with(key: TrackerKey | undefined): DynamicModule {
    return {
      module: MembershipModule,
      controllers: [MembershipController],
      providers: [
        { provide: TRACKER_KEY, useValue: key },
        Members,
        Enrolment,
        FirstInvite,
        Credentials,
        Grants,
        MembershipGate,
      ],
      exports: [TRACKER_KEY, Credentials, Grants],
    };
  }
}
