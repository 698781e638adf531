import { Module } from '@nestjs/common';
import { PeersModule } from '../peers/peers.module.js';
import { FileCatalogue } from './file-catalogue.service.js';
import { FilesController } from './files.controller.js';
import { FilesService } from './files.service.js';
import { ManifestStaging } from './manifest-staging.service.js';
import { ManifestStore } from './manifest-store.service.js';
import { NameBook } from './name-book.service.js';
import { SharedViews } from './shared-views.service.js';

/** What exists: files, their manifests, and the names that point at them. */
@Module({
  imports: [PeersModule],
  controllers: [FilesController],
  providers: [FilesService, FileCatalogue, NameBook, SharedViews, ManifestStore, ManifestStaging],
  exports: [FileCatalogue, NameBook, SharedViews, ManifestStore],
})
export class FilesModule {}
