import 'reflect-metadata';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RIGHT_PAYLOADS, type Dto } from '../../../../test/fuzz/right-payloads.js';
import { ListDto } from '../sharing/dto/list.dto.js';
import { LocationsDto } from '../swarm/dto/locations.dto.js';
import { isSurelyRight } from './payload-check.js';
import { validatePayload } from './payload.pipe.js';

function isRightToValidator(dto: Dto, payload: object): boolean {
  try {
    validatePayload(dto, payload);
    return true;
  } catch {
    return false;
  }
}

/** Every way to put `values` in the place of one value within. */
function* changes(target: unknown, values: readonly unknown[]): Generator {
  yield* values;
  if (typeof target !== 'object' || target === null) return;
  for (const key of [...Object.keys(target), 'colour']) {
    const inner = (target as Record<string, unknown>)[key];
    for (const changed of changes(inner, values)) {
      if (Array.isArray(target))
        yield Object.assign([...(target as unknown[])], { [key]: changed });
      else yield { ...target, [key]: changed };
    }
  }
}

describe('isSurelyRight', () => {
  it.each(RIGHT_PAYLOADS)('accepts what is right: %s', (_, dto, payload) => {
    expect(isRightToValidator(dto, payload)).toBe(true);
    expect(isSurelyRight(dto, payload)).toBe(true);
  });

  it.each(RIGHT_PAYLOADS)('accepts nothing that class-validator refuses: %s', (_, dto, payload) => {
    const values = fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 4 });
    const edges = [undefined, null, -1, 0, 0.5, 2 ** 53, '', 'é\u0000', [], [[]], {}, [{}], [null]];
    fc.assert(
      fc.property(values, (drawn) => {
        for (const changed of changes(payload, [...edges, ...drawn])) {
          const isObject = typeof changed === 'object' && changed !== null;
          if (!isObject || Array.isArray(changed) || !isSurelyRight(dto, changed)) continue;
          expect([changed, isRightToValidator(dto, changed)]).toEqual([changed, true]);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('leaves out no key of a message that may be left out', () => {
    expect(isSurelyRight(ListDto, { prefix: '', limit: 1 })).toBe(true);
    expect(isSurelyRight(LocationsDto, { files: ['a'], limit: 0 })).toBe(true);
  });

  it('is not fooled by __proto__', () => {
    const payload = JSON.parse('{"__proto__": {"limit": 1}, "prefix": ""}') as object;
    expect(isSurelyRight(ListDto, payload)).toBe(false);
  });
});
