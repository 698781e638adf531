import { Module, type MiddlewareConsumer, type NestModule } from '@nestjs/common';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';
import { OperatorGate } from './operator-gate.js';
import { setSecureHeaders } from './secure-headers.js';

/** The operators' side, over HTTP. */
@Module({ controllers: [HealthController], providers: [HealthService, OperatorGate] })
export class OperatorModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(setSecureHeaders, OperatorGate).forRoutes('{*path}');
  }
}
