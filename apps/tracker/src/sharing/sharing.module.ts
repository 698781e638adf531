import { Module } from '@nestjs/common';
import { FilesModule } from '../files/files.module.js';
import { PeersModule } from '../peers/peers.module.js';
import { SwarmModule } from '../swarm/swarm.module.js';
import { ListingService } from './listing.service.js';
import { RegisterFileService } from './register-file.service.js';
import { SharingController } from './sharing.controller.js';
import { SharingService } from './sharing.service.js';
import { UnshareFileService } from './unshare-file.service.js';

/** What peers offer: a name, a file and a place in its swarm at once. Stands on files and swarm. */
@Module({
  imports: [PeersModule, FilesModule, SwarmModule],
  controllers: [SharingController],
  providers: [SharingService, ListingService, RegisterFileService, UnshareFileService],
})
export class SharingModule {}
