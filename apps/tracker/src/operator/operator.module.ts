import { Module } from '@nestjs/common';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';

/** The operators' side, over HTTP. */
@Module({ controllers: [HealthController], providers: [HealthService] })
export class OperatorModule {}
