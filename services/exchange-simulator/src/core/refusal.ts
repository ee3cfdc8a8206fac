/** What the venue answers instead of doing: its own codes and texts, to the letter. */
export type Refusal = {
  readonly kind: 'refused'
  readonly status: number
  readonly code: number
  readonly message: string
}

export function refuse(code: number, message: string, status = 400): Refusal {
  return { kind: 'refused', status, code, message }
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'refused'
}

export const refusals = {
  illegalCharacters: (name: string, range: string) =>
    refuse(-1100, `Illegal characters found in parameter '${name}'; legal range is '${range}'.`),
  duplicateParameter: () => refuse(-1101, 'Duplicate values for a parameter detected.'),
  mandatory: (name: string) =>
    refuse(-1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`),
  oneMandatory: (name: string, other: string) =>
    refuse(-1102, `Param '${name}' or '${other}' must be sent, but both were empty/null!`),
  unreadParameters: (read: number, sent: number) =>
    refuse(
      -1104,
      `Not all sent parameters were read; read '${read}' parameter(s) but was sent '${sent}'.`,
    ),
  emptyParameter: (name: string) => refuse(-1105, `Parameter '${name}' was empty.`),
  notRequired: (name: string) => refuse(-1106, `Parameter '${name}' sent when not required.`),
  tooPrecise: (name: string) => refuse(-1111, `Parameter '${name}' has too much precision.`),
  invalidTimeInForce: () => refuse(-1115, 'Invalid timeInForce.'),
  invalidOrderType: () => refuse(-1116, 'Invalid orderType.'),
  invalidSide: () => refuse(-1117, 'Invalid side.'),
  invalidInterval: () => refuse(-1120, 'Invalid interval.'),
  invalidSymbol: () => refuse(-1121, 'Invalid symbol.'),
  invalidCombination: () => refuse(-1128, 'Combination of optional parameters invalid.'),
  invalidData: (name: string) => refuse(-1130, `Data sent for parameter '${name}' is not valid.`),
  otherStatus: () =>
    refuse(-1220, "The symbol's status does not match the requested symbolStatus."),
  smallStrategyType: () => refuse(-1134, '`strategyType` was less than 1000000.'),
  cancelRestrictions: () =>
    refuse(-1145, '`cancelRestrictions` has to be either `ONLY_NEW` or `ONLY_PARTIALLY_FILLED`.'),
  unsupportedCombination: () => refuse(-1014, 'Unsupported order combination.'),
  ocoType: () => refuse(-1158, 'Order type not supported in OCO.'),
  otoType: () => refuse(-1159, 'Order type not supported in OTO.'),
  icebergNeedsGtc: (leg: string) =>
    refuse(
      -1160,
      `Parameter '${leg}IcebergQty' is not supported if '${leg}TimeInForce' is not GTC.`,
    ),
  ocoLimit: (side: 'BUY' | 'SELL') =>
    side === 'BUY'
      ? refuse(-1165, 'A limit order in a buy OCO must be below.')
      : refuse(-1166, 'A limit order in a sell OCO must be above.'),
  ocoOfLimits: () => refuse(-1168, 'At least one OCO order must be contingent.'),
  ocoStopLoss: (side: 'BUY' | 'SELL') =>
    side === 'BUY'
      ? refuse(-1196, 'A stop loss order in a buy OCO must be above.')
      : refuse(-1197, 'A stop loss order in a sell OCO must be below.'),
  ocoTakeProfit: (side: 'BUY' | 'SELL') =>
    side === 'BUY'
      ? refuse(-1198, 'A take profit order in a buy OCO must be below.')
      : refuse(-1199, 'A take profit order in a sell OCO must be above.'),
  filter: (name: string) => refuse(-1013, `Filter failure: ${name}`),
  marketClosed: () => refuse(-1013, 'Market is closed.'),
  rejected: (message: string) => refuse(-2010, message),
  insufficientBalance: () =>
    refuse(-2010, 'Account has insufficient balance for requested action.'),
  duplicateOrder: () => refuse(-2010, 'Duplicate order sent.'),
  icebergTooLarge: () => refuse(-2010, 'IcebergQty exceeds QTY.'),
  pegged: () => refuse(-2010, 'Pegged orders are not supported for this symbol.'),
  wouldTake: () => refuse(-2010, 'Order would immediately match and take.'),
  wouldTrigger: () => refuse(-2010, 'Stop price would trigger immediately.'),
  priceRelation: () =>
    refuse(-2010, 'The relationship of the prices for the orders is not correct.'),
  cancelRestricted: () => refuse(-2011, 'Order was not canceled due to cancel restrictions.'),
  unknownList: () => refuse(-2011, 'Unknown order list sent.'),
  windowTooLong: () => refuse(-1127, 'More than 24 hours between startTime and endTime.'),
  unknownOrder: () => refuse(-2011, 'Unknown order sent.'),
  noSuchOrder: () => refuse(-2013, 'Order does not exist.'),
  archived: () =>
    refuse(
      -2026,
      'Order was canceled or expired with no executed qty over 90 days ago and has been archived.',
    ),
  noSuchList: () => refuse(-2018, 'Order list does not exist.'),
  amendUnknown: () => refuse(-2038, 'Unknown order sent.'),
  amendIncrease: () => refuse(-2038, 'Order amend (quantity increase) is not supported.'),
  amendNothing: () => refuse(-2038, 'The requested action would change no state; rejecting.'),
  amendPendingOpo: () => refuse(-2038, 'Order amend (pending OPO order) is not supported.'),
  amendTooOften: () => refuse(-2038, 'Filter failure: MAX_NUM_ORDER_AMENDS'),
  amendDuplicate: () => refuse(-2038, 'Duplicate order sent.'),
  // Of the convert desk no codes are documented: these are our choice, in the form of the venue's others.
  convertPair: () => refuse(345_000, 'The pair is not supported.'),
  convertClosed: () => refuse(345_001, 'Convert is not available for the pair at the moment.'),
  convertAmount: () => refuse(345_002, 'The amount is outside of what can be converted.'),
  convertUnknown: () => refuse(345_003, 'The quote does not exist.'),
  convertUsed: () => refuse(345_004, 'The quote was accepted before.'),
  convertExpired: () => refuse(345_005, 'The quote has expired.'),
  idMismatch: () =>
    refuse(-2039, 'The requested orderId and origClientOrderId do not match the same order.'),
} as const
