export { Decimal, sum, type DecimalInput, type RoundingMode } from './decimal.ts'
export { isMultipleOf, roundDownToStep, roundPrice, roundUpToStep } from './rounding.ts'
