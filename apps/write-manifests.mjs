// Writes each program's oclif.manifest.json, so that a start loads one command, not all of them.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Plugin } from '@oclif/core';

for (const app of ['peer', 'tracker']) {
  const root = fileURLToPath(new URL(app, import.meta.url));
  const plugin = new Plugin({ root, ignoreManifest: true, respectNoCacheDefault: true });
  await plugin.load();
  const path = new URL(`${app}/oclif.manifest.json`, import.meta.url);
  await writeFile(path, `${JSON.stringify(plugin.manifest, undefined, 2)}\n`);
}
