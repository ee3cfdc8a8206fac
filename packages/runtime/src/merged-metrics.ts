import type { Metrics } from './metrics.ts'

/**
 * Several registries as one exposition. A metric that several agents have is described once, and its
 * series stand together, as the format demands.
 */
export async function mergedMetrics(registries: readonly Metrics[]): Promise<string> {
  const texts = await Promise.all(registries.map((registry) => registry.metrics()))
  const blocks = new Map<string, Block>()
  for (const block of texts.flatMap(blocksOf)) {
    const known = blocks.get(block.name)
    if (known === undefined) blocks.set(block.name, block)
    else known.series.push(...block.series)
  }
  const lines = [...blocks.values()].flatMap((block) => [...block.head, ...block.series])
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

/** One metric: its help and type, and its series. */
type Block = { readonly name: string; readonly head: string[]; readonly series: string[] }

function blocksOf(text: string): Block[] {
  return text
    .split(/^(?=# HELP )/m)
    .filter((part) => part.startsWith('# HELP '))
    .map((part) => {
      const lines = part.split('\n').filter((line) => line !== '')
      return {
        name: part.split(' ', 3)[2] ?? '',
        head: lines.filter((line) => line.startsWith('#')),
        series: lines.filter((line) => !line.startsWith('#')),
      }
    })
}
