import { Module } from '@nestjs/common';
import { FilesModule } from '../files/files.module.js';
import { PeersModule } from '../peers/peers.module.js';
import { HistorySweep } from './history-sweep.service.js';
import { IdleFiles } from './idle-files.service.js';
import { OldCompletions } from './old-completions.service.js';
import { OldVersions } from './old-versions.service.js';

/** How long what was is remembered: ended versions of names, files out of use, completions. */
@Module({
  imports: [PeersModule, FilesModule],
  providers: [HistorySweep, OldVersions, IdleFiles, OldCompletions],
})
export class HistoryModule {}
