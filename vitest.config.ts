import { defineConfig } from 'vitest/config'

const conditions = ['@sallyport/source', 'node', 'import', 'module', 'default']
const shared = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['@sallyport/source'] } },
}
const common = {
  environment: 'node',
  pool: 'forks' as const,
  execArgv: ['--conditions=@sallyport/source'],
  testTimeout: 20_000,
  hookTimeout: 30_000,
  unstubEnvs: true,
}
const slow = [
  'packages/*/test/faults/**',
  'packages/*/test/devices/**',
  'packages/*/test/proxies/**',
  'packages/*/test/browser/**',
  'packages/*/test/strangers/**',
]

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        ...shared,
        test: {
          ...common,
          name: 'unit',
          // Modules are loaded once a worker, not once a file: that halves the work. Files leave nothing behind them.
          isolate: false,
          include: ['packages/*/test/**/*.test.ts', 'scripts/test/**/*.test.ts'],
          exclude: ['**/node_modules/**', ...slow],
        },
      },
      {
        ...shared,
        test: { ...common, name: 'faults', include: ['packages/*/test/faults/**/*.test.ts'], testTimeout: 120_000 },
      },
      {
        ...shared,
        test: { ...common, name: 'devices', include: ['packages/*/test/devices/**/*.test.ts'], testTimeout: 60_000 },
      },
      {
        ...shared,
        test: { ...common, name: 'proxies', include: ['packages/*/test/proxies/**/*.test.ts'], testTimeout: 60_000 },
      },
      {
        ...shared,
        test: {
          ...common,
          name: 'browser',
          include: ['packages/*/test/{browser,strangers}/**/*.test.ts', 'examples/*/test/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
