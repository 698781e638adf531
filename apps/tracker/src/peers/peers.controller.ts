import { Inject } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { TRACKER_PATTERNS, type HeartbeatReply, type JoinReply } from '#protocol';
import { Credentials } from '../membership/credentials.service.js';
import { AskerContext } from '../rpc/asker.js';
import { CallerDto } from '../rpc/caller.dto.js';
import { observedHost } from '../rpc/observed-host.js';
import { RpcController } from '../rpc/rpc-controller.decorator.js';
import { HeartbeatDto } from './dto/heartbeat.dto.js';
import { JoinDto } from './dto/join.dto.js';
import { PeersService } from './peers.service.js';

@RpcController()
export class PeersController {
  constructor(
    @Inject(PeersService) private readonly peers: PeersService,
    @Inject(Credentials) private readonly credentials: Credentials,
  ) {}

  @MessagePattern(TRACKER_PATTERNS.join)
  async join(@Payload() dto: JoinDto, @Ctx() context: AskerContext): Promise<JoinReply> {
    const joined = await this.peers.join(dto, observedHost(context));
    return { ...joined, ...(await this.credentials.newsFor(context.asker, dto.peerId, 'join')) };
  }

  @MessagePattern(TRACKER_PATTERNS.heartbeat)
  async heartbeat(
    @Payload() dto: HeartbeatDto,
    @Ctx() { asker }: AskerContext,
  ): Promise<HeartbeatReply> {
    const renewed = await this.peers.heartbeat(dto);
    return { ...renewed, ...(await this.credentials.newsFor(asker, dto.peerId, 'heartbeat')) };
  }

  @MessagePattern(TRACKER_PATTERNS.leave)
  leave(@Payload() dto: CallerDto): Promise<Record<string, never>> {
    return this.peers.leave(dto);
  }
}
