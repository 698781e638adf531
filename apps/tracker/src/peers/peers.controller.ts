import { Inject } from '@nestjs/common';
import { Ctx, MessagePattern, Payload, TcpContext } from '@nestjs/microservices';
import { TRACKER_PATTERNS, type HeartbeatReply, type JoinReply } from '#protocol';
import { CallerDto } from '../rpc/caller.dto.js';
import { observedHost } from '../rpc/observed-host.js';
import { RpcController } from '../rpc/rpc-controller.decorator.js';
import { HeartbeatDto } from './dto/heartbeat.dto.js';
import { JoinDto } from './dto/join.dto.js';
import { PeersService } from './peers.service.js';

@RpcController()
export class PeersController {
  constructor(@Inject(PeersService) private readonly peers: PeersService) {}

  @MessagePattern(TRACKER_PATTERNS.join)
  join(@Payload() dto: JoinDto, @Ctx() context: TcpContext): Promise<JoinReply> {
    return this.peers.join(dto, observedHost(context));
  }

  @MessagePattern(TRACKER_PATTERNS.heartbeat)
  heartbeat(@Payload() dto: HeartbeatDto): Promise<HeartbeatReply> {
    return this.peers.heartbeat(dto);
  }

  @MessagePattern(TRACKER_PATTERNS.leave)
  leave(@Payload() dto: CallerDto): Promise<Record<string, never>> {
    return this.peers.leave(dto);
  }
}
