// The page of alerts, made from the rules themselves: what each means, and what to do.
import { parse } from 'yaml'
import { z } from 'zod'

const Rules = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      rules: z.array(
        z.object({
          alert: z.string(),
          expr: z.string(),
          for: z.string().optional(),
          labels: z.object({ severity: z.enum(['critical', 'warning']) }),
          annotations: z.object({ summary: z.string(), action: z.string() }),
        }),
      ),
    }),
  ),
})

export function alertsDocument(yaml: string): string {
  const { groups } = Rules.parse(parse(yaml))
  const rows = groups.flatMap(({ rules }) =>
    rules.map((rule) => {
      const lasting = rule.for === undefined ? 'at once' : rule.for
      const { summary, action } = rule.annotations
      const cells = [
        `\`${rule.alert}\``,
        rule.labels.severity,
        lasting,
        words(summary),
        words(action),
      ]
      return `| ${cells.join(' | ')} |`
    }),
  )
  return `# Alerts

Generated from \`infra/prometheus/alerts.yaml\` by \`npm run generate\`; do not edit.

Every agent serves its figures at \`/metrics\` (docs/operating/docker.md names the ports). Prometheus takes the rules
by \`rule_files: [alerts.yaml]\` and scrapes the agents under \`job_name: flotilla\`. \`critical\` wants somebody now,
\`warning\` wants a look today. The commands are those of \`npm run flotilla --\`.

| alert | severity | after | what it means | what to do |
|---|---|---|---|---|
${rows.join('\n')}
`
}

/** Placeholders of Prometheus become words, and nothing ends a cell early. */
function words(text: string): string {
  const plain = text
    .replaceAll(/\{\{ \$value \}\}/g, 'some')
    .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_all, label: string) => `<${label}>`)
    .replaceAll('|', '\\|')
  return plain.charAt(0).toUpperCase() + plain.slice(1)
}
