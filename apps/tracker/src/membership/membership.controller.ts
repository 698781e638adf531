import { Inject } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { TRACKER_PATTERNS, TrackerError, type EnrolReply } from '#protocol';
import { AskerContext } from '../rpc/asker.js';
import { RpcController } from '../rpc/rpc-controller.decorator.js';
import { EnrolDto } from './dto/enrol.dto.js';
import { Enrolment } from './enrolment.service.js';

@RpcController()
export class MembershipController {
  constructor(@Inject(Enrolment) private readonly enrolment: Enrolment) {}

  @MessagePattern(TRACKER_PATTERNS.enrol)
  enrol(@Payload() dto: EnrolDto, @Ctx() { asker }: AskerContext): Promise<EnrolReply> {
    if (asker.identity === undefined) {
      const message = 'this tracker runs with --insecure: it has no members';
      throw new TrackerError('NOT_ALLOWED', message);
    }
    return this.enrolment.enrol(dto, asker.identity);
  }
}
