import { homedir } from 'node:os';
import { Config, type Interfaces } from '@oclif/core';

/** What the peer's package.json says. */
export interface PackageFacts {
  readonly name: string;
  readonly version: string;
  readonly oclif: { readonly bin: string; readonly dirname: string };
}

/** What oclif's configuration tells a command that is already chosen: neither manifest nor plugins
 *  nor themes are looked for. */
export class ShortConfig extends Config {
  constructor(root: string, facts: PackageFacts) {
    super({ root });
    const { platform, arch } = process;
    this.root = root;
    this.pjson = facts;
    this.name = facts.name;
    this.version = facts.version;
    this.bin = facts.oclif.bin;
    this.dirname = facts.oclif.dirname;
    this.platform = platform;
    this.windows = platform === 'win32';
    this.userAgent = `${facts.name}/${facts.version} ${platform}-${arch} node-${process.version}`;
    this.home = process.env['HOME'] ?? homedir();
    this.dataDir = this.scopedEnvVar('DATA_DIR') ?? this.dir('data');
  }

  /** There are no plugins that could have hooks. */
  override runHook<T extends keyof Interfaces.Hooks>(): Promise<
    Interfaces.Hook.Result<Interfaces.Hooks[T]['return']>
  > {
    return Promise.resolve({ failures: [], successes: [] });
  }
}
