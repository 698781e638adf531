import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: {
      '#protocol': source('./libs/protocol/src/index.ts'),
      '#identity': source('./libs/identity/src/index.ts'),
    },
  },
  test: {
    include: ['{apps,libs,bench}/**/*.spec.ts', 'test/**/*.{spec,e2e-spec}.ts'],
    // End-to-end tests wait more than they compute: one for each core, and never one at a time.
    maxWorkers: Math.max(2, availableParallelism()),
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
