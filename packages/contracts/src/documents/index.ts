export { asyncApiDocument } from './asyncapi.ts'
export { dataFlowDocument } from './data-flow.ts'
export { denialsDocument } from './denials.ts'
export { messagesDocument } from './messages.ts'
