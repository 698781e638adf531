import { Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { TRACKER_PATTERNS, type ListReply, type RegisterReply, type UnshareReply } from '#protocol';
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
  register(@Payload() dto: RegisterDto): Promise<RegisterReply> {
    return this.sharing.register(dto);
  }

  @MessagePattern(TRACKER_PATTERNS.unshare)
  unshare(@Payload() dto: UnshareDto): Promise<UnshareReply> {
    return this.sharing.unshare(dto);
  }

  @MessagePattern(TRACKER_PATTERNS.list)
  list(@Payload() dto: ListDto): Promise<RenderedReply<ListReply>> {
    return this.listing.list(dto);
  }
}
