import { Inject } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { TRACKER_PATTERNS, type ListReply, type RegisterReply, type UnshareReply } from '#protocol';
import { AskerContext } from '../rpc/asker.js';
import type { RenderedReply } from '../rpc/rendered-reply.js';
import { RpcController } from '../rpc/rpc-controller.decorator.js';
import { ListDto } from './dto/list.dto.js';
import { RegisterDto } from './dto/register.dto.js';
import { UnshareDto } from './dto/unshare.dto.js';
import { ListingService } from './listing.service.js';
import { SharingService } from './sharing.service.js';

@RpcController()
export class SharingController {
  constructor(
    @Inject(SharingService) private readonly sharing: SharingService,
    @Inject(ListingService) private readonly listing: ListingService,
  ) {}

  @MessagePattern(TRACKER_PATTERNS.register)
  register(@Payload() dto: RegisterDto, @Ctx() { asker }: AskerContext): Promise<RegisterReply> {
    return this.sharing.register(dto, asker);
  }

  @MessagePattern(TRACKER_PATTERNS.unshare)
  unshare(@Payload() dto: UnshareDto, @Ctx() { asker }: AskerContext): Promise<UnshareReply> {
    return this.sharing.unshare(dto, asker);
  }

  @MessagePattern(TRACKER_PATTERNS.list)
  list(@Payload() dto: ListDto, @Ctx() { asker }: AskerContext): Promise<RenderedReply<ListReply>> {
    return this.listing.list(dto, asker);
  }
}
