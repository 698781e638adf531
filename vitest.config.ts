import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const CHAOS = 'test/chaos/chaos.e2e-spec.ts';

export default defineConfig({
  resolve: {
    alias: {
      '#protocol': source('./libs/protocol/src/index.ts'),
      '#identity': source('./libs/identity/src/index.ts'),
    },
  },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'all',
          include: ['{apps,libs,bench}/**/*.spec.ts', 'test/**/*.{spec,e2e-spec}.ts'],
          exclude: [CHAOS],
          sequence: { groupOrder: 0 },
        },
      },
      // Needs the machine for itself: it starts a dozen programs, and the others wait for theirs.
      {
        extends: true,
        test: { name: 'chaos', include: [CHAOS], sequence: { groupOrder: 1 } },
      },
    ],
    // End-to-end tests wait more than they compute: one for each core, and never one at a time.
    maxWorkers: Math.max(2, availableParallelism()),
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
