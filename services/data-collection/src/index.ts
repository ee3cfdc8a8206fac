import { defineAgent } from '@flotilla/fleet'
import { DataCollectionConfig } from './config.ts'
import { DataCollection } from './service.ts'
import { warningsOf } from './source-plans.ts'

export const agent = defineAgent({
  name: 'data-collection',
  config: DataCollectionConfig,
  needs: ['bus', 'marketStore', 'venue'],
  warnings: warningsOf,
  create: (deps) => new DataCollection(deps),
})

export type { DataCollectionConfig } from './config.ts'
export * from './core/index.ts'
