import { Module } from '@nestjs/common';
import { FilesModule } from '../files/files.module.js';
import { PeersModule } from '../peers/peers.module.js';
import { CompletionsService } from './completions.service.js';
import { FileSummaries } from './file-summaries.service.js';
import { HandoutService } from './handout.service.js';
import { HeldTexts } from './held-texts.service.js';
import { OwnershipService } from './ownership.service.js';
import { StatusService } from './status.service.js';
import { SwarmCensus } from './swarm-census.service.js';
import { SwarmRoster } from './swarm-roster.service.js';
import { SwarmController } from './swarm.controller.js';
import { SwarmService } from './swarm.service.js';

/** Who has which chunks: ownership, completions, and what peers and operators are told of them. */
@Module({
  imports: [PeersModule, FilesModule],
  controllers: [SwarmController],
  providers: [
    SwarmService,
    StatusService,
    OwnershipService,
    CompletionsService,
    HandoutService,
    SwarmCensus,
    SwarmRoster,
    HeldTexts,
    FileSummaries,
  ],
  exports: [OwnershipService, CompletionsService, FileSummaries],
})
export class SwarmModule {}
