import { defineConfig } from 'vitest/config'
import { LongFirst } from './test/support/long-first.ts'

const ignored = ['**/node_modules/**', '**/.flotilla/**', '**/.cache/**']

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{packages,services}/*/src/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: ['**/*.integration.test.ts', ...ignored],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'integration',
          include: ['{packages,services}/*/src/**/*.integration.test.ts', 'test/**/*.test.ts'],
          exclude: ignored,
          globalSetup: ['test/support/postgres.setup.ts', 'test/support/rabbitmq.setup.ts'],
          testTimeout: 300_000,
          hookTimeout: 240_000,
          // These wait for servers, for processes and for time: two of them leave a third of two cores idle.
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
    ],
    sequence: { sequencer: LongFirst },
  },
})
