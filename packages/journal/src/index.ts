export { takeFill } from './inventory.ts'
export {
  exitReasons,
  followTrade,
  openTradeOf,
  storedTrade,
  type ExitReason,
  type OpenTrade,
  type TradeFill,
} from './trade.ts'
export { closeTrade, figuresOf, type TradeFigures } from './figures.ts'
export { foldTrades } from './fold.ts'
