import { Module } from '@nestjs/common';
import { ClockWatch } from './clock-watch.service.js';
import { LeaseSweepService } from './lease-sweep.service.js';
import { PeerDirectory } from './peer-directory.service.js';
import { PeersController } from './peers.controller.js';
import { PeersService } from './peers.service.js';

/** Who is here: join, heartbeat, leave, and the sweep that forgets who stays away. */
@Module({
  controllers: [PeersController],
  providers: [PeersService, PeerDirectory, LeaseSweepService, ClockWatch],
  exports: [PeersService, PeerDirectory, LeaseSweepService],
})
export class PeersModule {}
