import { Catch, Logger, type ExceptionFilter } from '@nestjs/common';
import { throwError, type Observable } from 'rxjs';
import { TrackerError, type TrackerCode } from '#protocol';

interface RpcRefusal {
  readonly code: TrackerCode;
  readonly message: string;
  readonly retryAfterMs?: number;
}

/** Typed refusals cross the wire as they are; anything else is a fault of ours, is logged, and
 *  tells a stranger nothing. */
@Catch()
export class RpcErrorFilter implements ExceptionFilter<unknown> {
  private readonly logger = new Logger('rpc');

  catch(error: unknown): Observable<never> {
    const refusal = this.toRefusal(error);
    return throwError(() => refusal);
  }

  private toRefusal(error: unknown): RpcRefusal {
    if (error instanceof TrackerError) {
      const { code, message, retryAfterMs } = error;
      return retryAfterMs === undefined ? { code, message } : { code, message, retryAfterMs };
    }
    this.logger.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return { code: 'INTERNAL', message: 'a fault of the tracker; its log says more' };
  }
}
