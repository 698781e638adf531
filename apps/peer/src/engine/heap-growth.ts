import { setFlagsFromString } from 'node:v8';

/** V8 lets a heap grow to several times what was alive at the last collection. */
const HEAP_GROWTH_PERCENT = 60;

/** Has garbage collected once the heap has grown by so much: a process with many files has much that
 *  stays alive, and would have several times as much garbage beside it. For the whole process. */
export function limitHeapGrowth(): void {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`);
}
