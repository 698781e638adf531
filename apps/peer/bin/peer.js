#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { execute } from '@oclif/core';

const root = fileURLToPath(new URL('..', import.meta.url));
// Without this, oclif would run code that a package.json in the user's data folder names.
await execute({ loadOptions: { root, userPlugins: false, devPlugins: false } });
