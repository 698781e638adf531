import { Global, Module, type DynamicModule } from '@nestjs/common';
import { TRACKER_CONFIG, type TrackerConfig } from './tracker.config.js';

/** The validated configuration, for every module. */
@Global()
@Module({})
export class ConfigModule {
  static with(config: TrackerConfig): DynamicModule {
    return {
      module: ConfigModule,
      providers: [{ provide: TRACKER_CONFIG, useValue: config }],
      exports: [TRACKER_CONFIG],
    };
  }
}
