import { applyDecorators, Controller, UseFilters, UsePipes } from '@nestjs/common';
import { PayloadPipe } from './payload.pipe.js';
import { RpcErrorFilter } from './rpc-error.filter.js';

/** A controller of the peers' side: payloads validated, errors typed. */
export function RpcController(): ClassDecorator {
  return applyDecorators(Controller(), UsePipes(PayloadPipe), UseFilters(RpcErrorFilter));
}
