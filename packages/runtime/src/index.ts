export { createRealClock, createScaledClock, realClock } from './clock.ts'
export type { Clock, ClockAnchor, TaskErrorHandler, Timer } from './clock.ts'
export type { AgentContext } from './context.ts'
export { formatLogLine } from './log-format.ts'
export {
  atLeast,
  fileSink,
  stdoutJsonSink,
  surviveClosedOutput,
  terminalSink,
} from './log-sinks.ts'
export { createLogger, createSilentLogger } from './logger.ts'
export type { Logger, LoggerOptions, LogLevel, LogSink } from './logger.ts'
export { counter, createMetrics, gauge, histogram } from './metrics.ts'
export type { GaugeOptions, HistogramOptions, MetricOptions, Metrics } from './metrics.ts'
export { ConfigError, formatProblem, parseConfig, readConfig } from './config.ts'
export type { ConfigProblem, ConfigSource } from './config.ts'
export { variableOf } from './config-environment.ts'
export type { Environment } from './config-environment.ts'
export { jsonSchemaOf } from './config-schema.ts'
export type { JsonSchema } from './config-schema.ts'
export { nearest } from './nearest.ts'
export { startHealthServer } from './health-server.ts'
export type {
  AgentHealth,
  ExtraRequest,
  ExtraRoute,
  HealthServer,
  HealthServerOptions,
  HealthSource,
} from './health-server.ts'
export { keepYoung } from './engine.ts'
export { live } from './life-cycle.ts'
export type { Life, LifeHost, LifeOptions } from './life-cycle.ts'
export { followLogs, loggedAgents, printTail, tailProblem } from './log-tail.ts'
export type { LogPosition, TailOptions } from './log-tail.ts'
export { releaseLoadingMemory } from './memory.ts'
export { startHeartbeat } from './heartbeat.ts'
export type { HeartbeatOptions } from './heartbeat.ts'
