import 'reflect-metadata';
import { ManifestDto, ManifestPutDto } from '../../apps/tracker/src/files/dto/manifest.dto.js';
import { EnrolDto } from '../../apps/tracker/src/membership/dto/enrol.dto.js';
import { HeartbeatDto } from '../../apps/tracker/src/peers/dto/heartbeat.dto.js';
import { JoinDto } from '../../apps/tracker/src/peers/dto/join.dto.js';
import { ListDto } from '../../apps/tracker/src/sharing/dto/list.dto.js';
import { RegisterDto } from '../../apps/tracker/src/sharing/dto/register.dto.js';
import { UnshareDto } from '../../apps/tracker/src/sharing/dto/unshare.dto.js';
import { ChunkRegisterDto } from '../../apps/tracker/src/swarm/dto/chunk-register.dto.js';
import { LocationsDto } from '../../apps/tracker/src/swarm/dto/locations.dto.js';
import { StatusDto } from '../../apps/tracker/src/swarm/dto/status.dto.js';

export type Dto = new () => object;

const peerId = `${'a'.repeat(32)}-bbbb`;
const caller = { peerId, session: '0'.repeat(32) };
const digest = `b3:${'0'.repeat(64)}`;
const file = { digest, sizeBytes: 1, hashes: 'q83v', name: 'a/b', naming: 'publish', held: 'all' };
const restricted = { ...file, allow: ['a', 'b-2'] };
const endpoints = [{ host: '10.0.0.1', port: 7 }];
const process = { hostname: 'a', programVersion: '1', os: 'linux', labels: ['l'], features: [] };

/** One request of each exchange that is right, and the rules it keeps. */
export const RIGHT_PAYLOADS: readonly [string, Dto, object][] = [
  ['heartbeat', HeartbeatDto, { ...caller, bytesUp: 0, bytesDown: 1 }],
  ['chunkRegister', ChunkRegisterDto, { ...caller, files: [{ digest, ranges: [[0, 1]] }] }],
  ['locations', LocationsDto, { files: ['a', digest], exclude: peerId, limit: 50 }],
  ['list', ListDto, { prefix: 'a/', after: 'a/b', limit: 100 }],
  ['join', JoinDto, { ...caller, ...process, apiVersions: [1], endpoints }],
  ['register', RegisterDto, { ...caller, files: [file, restricted] }],
  ['enrol', EnrolDto, { token: 'a'.repeat(26), hostname: 'a' }],
  ['unshare', UnshareDto, { ...caller, files: [{ ref: 'a', scope: 'peer', naming: 'keep' }] }],
  ['status', StatusDto, { ref: 'a', after: 'b'.repeat(32), limit: 1 }],
  ['manifest', ManifestDto, { files: [{ digest, firstChunkIndex: 0 }] }],
  [
    'manifestPut',
    ManifestPutDto,
    { ...caller, digest, sizeBytes: 1, firstChunkIndex: 0, hashes: 'q83v' },
  ],
];
