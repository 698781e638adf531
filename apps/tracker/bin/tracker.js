#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { execute } from '@oclif/core';

await execute({ loadOptions: { root: fileURLToPath(new URL('..', import.meta.url)) } });
