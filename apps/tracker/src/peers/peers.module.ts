import { Module } from '@nestjs/common';
import { ClockWatch } from './clock-watch.service.js';
import { LeaseSweepService } from './lease-sweep.service.js';
import { PeerDirectory } from './peer-directory.service.js';
import { PeersController } from './peers.controller.js';
import { PeersService } from './peers.service.js';
import { Reachability } from './reachability.service.js';

/** Who is here: join, heartbeat, leave, and the sweep that forgets who stays away. */
@Module({
  controllers: [PeersController],
  providers: [PeersService, PeerDirectory, Reachability, LeaseSweepService, ClockWatch],
  exports: [PeersService, PeerDirectory, Reachability, LeaseSweepService],
})
export class PeersModule {}
