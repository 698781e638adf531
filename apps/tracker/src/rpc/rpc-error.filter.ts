import { Catch, Logger, type ExceptionFilter } from '@nestjs/common';
import { throwError, type Observable } from 'rxjs';
import { TrackerError, type TrackerCode } from '#protocol';

export interface RpcRefusal {
  readonly code: TrackerCode;
  readonly message: string;
  readonly retryAfterMs?: number;
}

const logger = new Logger('rpc');

/** Handlers' errors as they cross the wire. */
@Catch()
export class RpcErrorFilter implements ExceptionFilter<unknown> {
  catch(error: unknown): Observable<never> {
    const refusal = toRpcRefusal(error);
    return throwError(() => refusal);
  }
}

/** Typed refusals cross the wire as they are; anything else is a fault of ours, is logged, and
 *  tells a stranger nothing. */
export function toRpcRefusal(error: unknown): RpcRefusal {
  if (error instanceof TrackerError) {
    const { code, message, retryAfterMs } = error;
    return retryAfterMs === undefined ? { code, message } : { code, message, retryAfterMs };
  }
  logger.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return { code: 'INTERNAL', message: 'a fault of the tracker; its log says more' };
}
