import { Controller, Get, Inject, ServiceUnavailableException } from '@nestjs/common';
import { HealthService } from './health.service.js';

@Controller()
export class HealthController {
  constructor(@Inject(HealthService) private readonly health: HealthService) {}

  /** The process runs. */
  @Get('healthz')
  healthz(): { status: string } {
    return { status: 'ok' };
  }

  /** It can answer and write; 503 otherwise. */
  @Get('readyz')
  async readyz(): Promise<{ status: string }> {
    const reason = await this.health.whyNotReady();
    if (reason === undefined) return { status: 'ok' };
    throw new ServiceUnavailableException({ status: 'unavailable', reason });
  }
}
