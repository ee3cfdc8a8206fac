import { describeLedger } from '../ledger.conformance.ts'
import { createMemoryLedger } from './memory-ledger.ts'

describeLedger('the memory ledger', async () => {
  const ledger = createMemoryLedger()
  return { ledger, close: () => ledger.close() }
})
