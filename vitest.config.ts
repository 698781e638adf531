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
    include: ['{apps,libs}/**/*.spec.ts', 'test/**/*.{spec,e2e-spec}.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
