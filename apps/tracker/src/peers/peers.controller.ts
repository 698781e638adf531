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
import { Reachability } from './reachability.service.js';

@RpcController()
export class PeersController {
  constructor(
    @Inject(PeersService) private readonly peers: PeersService,
    @Inject(Credentials) private readonly credentials: Credentials,
    @Inject(Reachability) private readonly reachability: Reachability,
  ) {}

  @MessagePattern(TRACKER_PATTERNS.join)
  async join(@Payload() dto: JoinDto, @Ctx() context: AskerContext): Promise<JoinReply> {
    const { asker } = context;
    const joined = await this.peers.join(dto, observedHost(context));
    const news = await this.credentials.newsFor(asker, dto.peerId, 'join');
    return { ...joined, ...news, ...(await this.reachability.joined(dto, asker)) };
  }

  @MessagePattern(TRACKER_PATTERNS.heartbeat)
  async heartbeat(
    @Payload() dto: HeartbeatDto,
    @Ctx() { asker }: AskerContext,
  ): Promise<HeartbeatReply> {
    const renewed = await this.peers.heartbeat(dto);
    const news = await this.credentials.newsFor(asker, dto.peerId, 'heartbeat');
    return { ...renewed, ...news, ...(await this.reachability.news(dto.peerId, asker)) };
  }

  @MessagePattern(TRACKER_PATTERNS.leave)
  leave(@Payload() dto: CallerDto): Promise<Record<string, never>> {
    return this.peers.leave(dto);
  }
}
