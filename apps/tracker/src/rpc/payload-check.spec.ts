import 'reflect-metadata';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManifestDto, ManifestPutDto } from '../files/dto/manifest.dto.js';
import { HeartbeatDto } from '../peers/dto/heartbeat.dto.js';
import { JoinDto } from '../peers/dto/join.dto.js';
import { ListDto } from '../sharing/dto/list.dto.js';
import { RegisterDto } from '../sharing/dto/register.dto.js';
import { UnshareDto } from '../sharing/dto/unshare.dto.js';
import { ChunkRegisterDto } from '../swarm/dto/chunk-register.dto.js';
import { LocationsDto } from '../swarm/dto/locations.dto.js';
import { StatusDto } from '../swarm/dto/status.dto.js';
import { isSurelyRight } from './payload-check.js';
import { validatePayload } from './payload.pipe.js';

type Dto = new () => object;

const peerId = `${'a'.repeat(32)}-bbbb`;
const caller = { peerId, session: '0'.repeat(32) };
const digest = `b3:${'0'.repeat(64)}`;
const file = { digest, sizeBytes: 1, hashes: 'q83v', name: 'a/b', naming: 'publish', held: 'all' };
const endpoints = [{ host: '10.0.0.1', port: 7 }];
const process = { hostname: 'a', programVersion: '1', os: 'linux', labels: ['l'], features: [] };

const RIGHT: readonly [string, Dto, object][] = [
  ['heartbeat', HeartbeatDto, { ...caller, bytesUp: 0, bytesDown: 1 }],
  ['chunkRegister', ChunkRegisterDto, { ...caller, files: [{ digest, ranges: [[0, 1]] }] }],
  ['locations', LocationsDto, { files: ['a', digest], exclude: peerId, limit: 50 }],
  ['list', ListDto, { prefix: 'a/', after: 'a/b', limit: 100 }],
  ['join', JoinDto, { ...caller, ...process, apiVersions: [1], endpoints }],
  ['register', RegisterDto, { ...caller, files: [file, file] }],
  ['unshare', UnshareDto, { ...caller, files: [{ ref: 'a', scope: 'peer', naming: 'keep' }] }],
  ['status', StatusDto, { ref: 'a', after: 'b'.repeat(32), limit: 1 }],
  ['manifest', ManifestDto, { files: [{ digest, firstChunkIndex: 0 }] }],
  [
    'manifestPut',
    ManifestPutDto,
    { ...caller, digest, sizeBytes: 1, firstChunkIndex: 0, hashes: 'q83v' },
  ],
];

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
  it.each(RIGHT)('accepts what is right: %s', (_, dto, payload) => {
    expect(isRightToValidator(dto, payload)).toBe(true);
    expect(isSurelyRight(dto, payload)).toBe(true);
  });

  it.each(RIGHT)('accepts nothing that class-validator refuses: %s', (_, dto, payload) => {
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
