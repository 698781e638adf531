import { Module, type DynamicModule } from '@nestjs/common';
import { ConfigModule } from './config.module.js';
import { FilesModule } from './files/files.module.js';
import { HistoryModule } from './history/history.module.js';
import { MembershipModule } from './membership/membership.module.js';
import type { TrackerKey } from './membership/tracker-key.js';
import { OperatorModule } from './operator/operator.module.js';
import { PeersModule } from './peers/peers.module.js';
import { SharingModule } from './sharing/sharing.module.js';
import type { OpenDatabase } from './store/open-database.js';
import { StoreModule } from './store/store.module.js';
import { SwarmModule } from './swarm/swarm.module.js';
import type { TrackerConfig } from './tracker.config.js';

/** Everything a tracker is made of: the domains, over one open database; without a key, no members. */
@Module({})
export class AppModule {
  static with(
    config: TrackerConfig,
    database: OpenDatabase,
    key: TrackerKey | undefined,
  ): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.with(config),
        StoreModule.with(database),
        MembershipModule.with(key),
        PeersModule,
        FilesModule,
        SwarmModule,
        SharingModule,
        HistoryModule,
        OperatorModule,
      ],
    };
  }
}
