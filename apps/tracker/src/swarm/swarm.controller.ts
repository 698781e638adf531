import { Inject } from '@nestjs/common';
import { Ctx, MessagePattern, Payload, TcpContext } from '@nestjs/microservices';
import {
  TRACKER_PATTERNS,
  type ChunkRegisterReply,
  type LocationsReply,
  type StatusReply,
} from '#protocol';
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
    @Ctx() context: TcpContext,
  ): Promise<RenderedReply<LocationsReply>> {
    return this.swarms.locations(dto, observedHost(context));
  }

  @MessagePattern(TRACKER_PATTERNS.status)
  status(@Payload() dto: StatusDto): Promise<StatusReply> {
    return this.statuses.status(dto);
  }
}
