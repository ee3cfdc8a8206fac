import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

/** One registry per agent, so that five agents in one process do not mix their figures. */
export type Metrics = Registry

export type MetricOptions = {
  /** Prometheus name with unit: `flotilla_orders_total`, `flotilla_decision_seconds`. */
  readonly name: string
  readonly help: string
  readonly labelNames?: readonly string[]
}

export type GaugeOptions = MetricOptions & {
  /** Asked when somebody looks, so that the figure needs no timer of its own. */
  readonly collect?: () => number
}

export type HistogramOptions = MetricOptions & { readonly buckets?: readonly number[] }

/** Seconds from a tenth of a millisecond to a minute: the budgets of a decision and of a trim fit in. */
const secondsBuckets = [
  0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 75,
]

export function createMetrics(options: {
  readonly agent: string
  readonly instance: string
  /** Process figures (memory, event loop): once per process, not once per agent. */
  readonly process?: boolean
}): Metrics {
  const registry = new Registry()
  registry.setDefaultLabels({ agent: options.agent, instance: options.instance })
  if (options.process === true) collectDefaultMetrics({ register: registry })
  return registry
}

/** Makes the counter, or finds the one that is there: an agent may be created twice in one process. */
export function counter(metrics: Metrics, options: MetricOptions): Counter {
  const known = metrics.getSingleMetric(options.name)
  if (known instanceof Counter) return known
  return new Counter({ ...named(options), registers: [metrics] })
}

export function gauge(metrics: Metrics, options: GaugeOptions): Gauge {
  const known = metrics.getSingleMetric(options.name)
  if (known instanceof Gauge) return known
  const { collect } = options
  return new Gauge({
    ...named(options),
    registers: [metrics],
    ...(collect === undefined
      ? {}
      : {
          collect(this: Gauge) {
            this.set(collect())
          },
        }),
  })
}

export function histogram(metrics: Metrics, options: HistogramOptions): Histogram {
  const known = metrics.getSingleMetric(options.name)
  if (known instanceof Histogram) return known
  const buckets = [...(options.buckets ?? secondsBuckets)]
  return new Histogram({ ...named(options), buckets, registers: [metrics] })
}

function named(options: MetricOptions): { name: string; help: string; labelNames: string[] } {
  return { name: options.name, help: options.help, labelNames: [...(options.labelNames ?? [])] }
}
