import { describe, expect, it } from 'vitest';
import { placesOf, readHouse, readSources, type SourceFile } from './house-files.js';

const sources = readSources(readHouse());
const shipped = sources.filter((file) => /^(apps|libs)\//.test(file.path) && !file.isSpec);
const within = (prefix: string) => shipped.filter((file) => file.path.startsWith(prefix));

/** What each folder of the peer may import of the others: rightwards only. */
const PEER_LAYERS: Record<string, readonly string[]> = {
  commands: ['cli', 'engine'],
  cli: ['commands', 'engine'],
  engine: ['net', 'disk', 'core'],
  net: ['core'],
  disk: ['core'],
  core: [],
};
const MAY_USE_IDENTITY = new Set(['net', 'engine']);
const FOR_COMMANDS_OF_CORE = 'apps/peer/src/core/transfer-error';

const peerLayer = (path: string) => /^apps\/peer\/src\/([^/]+)\//.exec(path)?.[1];
const appOf = (path: string) => /^apps\/([^/]+)\//.exec(path)?.[1];

/** `path -> specifier` of every import that `isWrong`. */
function wrongImports(
  files: readonly SourceFile[],
  isWrong: (found: { from: SourceFile; specifier: string; target: string | undefined }) => boolean,
): string[] {
  return files.flatMap((from) =>
    from.imports
      .filter(({ specifier, target }) => isWrong({ from, specifier, target }))
      .map(({ specifier }) => `${from.path} -> ${specifier}`),
  );
}

const uses = (files: readonly SourceFile[], pattern: RegExp) =>
  files.flatMap((file) => placesOf(file, file.code, pattern));

describe('which way imports point', () => {
  it('reads the sources at all', () => {
    const protocolDoor = shipped.find((file) => file.path === 'libs/protocol/src/index.ts');
    expect(protocolDoor?.imports.map(({ target }) => target)).toContain('libs/protocol/src/limits');
  });

  it('puts every file of the peer into one of its folders', () => {
    const files = within('apps/peer/src/');
    const strays = files.filter((file) => PEER_LAYERS[peerLayer(file.path) ?? ''] === undefined);
    expect(strays.map((file) => file.path)).toEqual([]);
  });

  it('lets the folders of the peer import rightwards only', () => {
    const wrong = wrongImports(within('apps/peer/src/'), ({ from, target }) => {
      const layer = peerLayer(from.path) ?? '';
      const other = peerLayer(target ?? '');
      if (other === undefined || other === layer || target === undefined) return false;
      const isForScreens = layer === 'commands' || layer === 'cli';
      if (isForScreens && target === FOR_COMMANDS_OF_CORE) return false;
      return PEER_LAYERS[layer]?.includes(other) !== true;
    });
    expect(wrong).toEqual([]);
  });

  it('keeps the core free of everything but the protocol', () => {
    const wrong = wrongImports(within('apps/peer/src/core/'), ({ target }) => {
      return !/^(apps\/peer\/src\/core\/|libs\/protocol\/)/.test(target ?? '');
    });
    expect(wrong).toEqual([]);
  });

  it('keeps clocks, dice, timers and waiting out of the core', () => {
    const impure =
      /\b(Date\.now|new Date|performance\.|Math\.random|crypto\.|await|async|Promise|set(Timeout|Interval|Immediate)|queueMicrotask|process\.|console\.|fetch\()/;
    expect(uses(within('apps/peer/src/core/'), impure)).toEqual([]);
  });

  it('keeps the protocol pure: it may hash, and nothing else', () => {
    const files = within('libs/protocol/');
    const wrong = wrongImports(files, ({ specifier, target }) => {
      if (specifier === '@napi-rs/blake-hash') return false;
      return target?.startsWith('libs/protocol/src/') !== true;
    });
    const impure =
      /\b(Date\.now|new Date|performance\.|Math\.random|crypto\.|await|async|set(Timeout|Interval|Immediate)|queueMicrotask|process\.|console\.|fetch\()/;
    expect([...wrong, ...uses(files, impure)]).toEqual([]);
  });

  it('lets identity import the protocol, node and what makes certificates and tokens', () => {
    const wrong = wrongImports(within('libs/identity/'), ({ specifier, target }) => {
      if (/^(@peculiar\/x509|reflect-metadata|jose\/[a-z/]+)$/.test(specifier)) return false;
      return !specifier.startsWith('node:') && !/^libs\/(identity|protocol)\//.test(target ?? '');
    });
    expect(wrong).toEqual([]);
  });

  it('loads what makes certificates and tokens only when one is made or checked', () => {
    const atStart =
      /(^|\n)(import|export)\b[^(;'"]*['"](@peculiar\/x509|reflect-metadata|jose\/[a-z/]+)['"]/;
    const files = within('libs/identity/');
    expect(files.flatMap((file) => placesOf(file, file.uncommented, atStart))).toEqual([]);
  });

  it('leaves TLS and cryptography to identity', () => {
    const others = shipped.filter((file) => !file.path.startsWith('libs/identity/'));
    const wrong = wrongImports(others, ({ specifier }) => {
      return /^(node:)?(tls|crypto)$/.test(specifier);
    });
    expect(wrong).toEqual([]);
  });

  it('lets only net, the engine and the tracker use identity', () => {
    const wrong = wrongImports(within('apps/peer/src/'), ({ from, specifier }) => {
      return specifier === '#identity' && !MAY_USE_IDENTITY.has(peerLayer(from.path) ?? '');
    });
    expect(wrong).toEqual([]);
  });

  it('goes through the doors of the libraries', () => {
    const apps = sources.filter((file) => file.path.startsWith('apps/'));
    const wrong = wrongImports(apps, ({ specifier, target }) => {
      return target?.startsWith('libs/') === true && !specifier.startsWith('#');
    });
    expect(wrong).toEqual([]);
  });

  it('never lets one app import another, nor a library an app', () => {
    const files = sources.filter((file) => /^(apps|libs)\//.test(file.path));
    const wrong = wrongImports(files, ({ from, target }) => {
      const other = appOf(target ?? '');
      return other !== undefined && other !== appOf(from.path);
    });
    expect(wrong).toEqual([]);
  });

  it('never lets what is shipped import tests or benches', () => {
    const wrong = wrongImports(shipped, ({ specifier, target }) => {
      if (/^(vitest|fast-check)$/.test(specifier)) return true;
      return /^(test|bench)\/|\.spec$/.test(target ?? '');
    });
    expect(wrong).toEqual([]);
  });
});

describe('who may use which package', () => {
  it('keeps Nest, TypeORM and database drivers out of the peer', () => {
    const wrong = wrongImports(within('apps/peer/'), ({ specifier }) => {
      return /^(@nestjs\/|typeorm$|better-sqlite3$|pg$|class-|reflect-metadata$)/.test(specifier);
    });
    expect(wrong).toEqual([]);
  });

  it('keeps oclif in commands and cli', () => {
    const others = shipped.filter((file) => !/^apps\/[^/]+\/src\/(commands|cli)\//.test(file.path));
    expect(wrongImports(others, ({ specifier }) => specifier.startsWith('@oclif/'))).toEqual([]);
  });

  it('keeps printing and exiting out of engine, net, disk and core', () => {
    const quiet = ['engine', 'net', 'disk', 'core'].flatMap((layer) => {
      return within(`apps/peer/src/${layer}/`);
    });
    const loud = /\b(console\.|process\.(exit|exitCode|stdout|stderr|stdin))/;
    expect(uses(quiet, loud)).toEqual([]);
  });

  it('keeps the database out of controllers', () => {
    const controllers = within('apps/tracker/').filter((file) =>
      /\.controller\.ts$/.test(file.path),
    );
    const wrong = wrongImports(controllers, ({ specifier, target }) => {
      return specifier === 'typeorm' || /\.entity$/.test(target ?? '');
    });
    expect(wrong).toEqual([]);
  });

  it('keeps the entities of a tracker module private to its folder', () => {
    const folderOf = (path: string) => path.slice(0, path.lastIndexOf('/'));
    // The store hands all entities to the data source and looks into none.
    const modules = within('apps/tracker/src/').filter((file) => {
      return !file.path.startsWith('apps/tracker/src/store/');
    });
    const wrong = wrongImports(modules, ({ from, target }) => {
      return /\.entity$/.test(target ?? '') && folderOf(target!) !== folderOf(from.path);
    });
    expect(wrong).toEqual([]);
  });
});
