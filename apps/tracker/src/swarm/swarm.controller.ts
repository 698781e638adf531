import { Inject } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import {
  TRACKER_PATTERNS,
  type ChunkRegisterReply,
  type LocationsReply,
  type StatusReply,
} from '#protocol';
import { AskerContext } from '../rpc/asker.js';
import { observedHost } from '../rpc/observed-host.js';
import type { RenderedReply } from '../rpc/rendered-reply.js';
import { RpcController } from '../rpc/rpc-controller.decorator.js';
import { ChunkRegisterDto } from './dto/chunk-register.dto.js';
import { LocationsDto } from './dto/locations.dto.js';
import { StatusDto } from './dto/status.dto.js';
import { StatusService } from './status.service.js';
import { SwarmService } from './swarm.service.js';

@RpcController()
export class SwarmController {
  constructor(
    @Inject(SwarmService) private readonly swarms: SwarmService,
    @Inject(StatusService) private readonly statuses: StatusService,
  ) {}

  @MessagePattern(TRACKER_PATTERNS.chunkRegister)
  chunkRegister(@Payload() dto: ChunkRegisterDto): Promise<ChunkRegisterReply> {
    return this.swarms.registerChunks(dto);
  }

  @MessagePattern(TRACKER_PATTERNS.locations)
  locations(
    @Payload() dto: LocationsDto,
    @Ctx() context: AskerContext,
  ): Promise<RenderedReply<LocationsReply>> {
    const { asker } = context;
    return this.swarms.locations(dto, { asker, askerHost: observedHost(context) });
  }

  @MessagePattern(TRACKER_PATTERNS.status)
  status(@Payload() dto: StatusDto, @Ctx() { asker }: AskerContext): Promise<StatusReply> {
    return this.statuses.status(dto, asker);
  }
}
