#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { runProgram } from '../../../dist/peer/program.js';

await runProgram(fileURLToPath(new URL('..', import.meta.url)), process.argv.slice(2));
