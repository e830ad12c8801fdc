import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Two cores: more workers only make the process tests wait for each other.
    maxWorkers: 2,
    // Many tests race real processes on a machine that others share. One that passes only at its second try is not
    // hidden: scripts/test.js names it at the end.
    retry: 1,
    reporters: ['default'],
  },
})
