import type { AgentHealth } from './health-server.ts'

/** What a person sees at the address that is printed at the start: who runs, who is well, and why not. */
export function overviewPage(agents: readonly AgentHealth[]): string {
  const rows = agents.map(
    (agent) => `<tr><td>${escapeHtml(agent.agent)}</td><td>${escapeHtml(agent.instance)}</td>
<td class="${agent.ready ? 'ready' : 'unwell'}">${agent.ready ? 'ready' : 'not ready'}</td>
<td><code>${escapeHtml(JSON.stringify(agent.detail))}</code></td></tr>`,
  )
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5">
<title>Flotilla</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem; color: #1c2733 }
table { border-collapse: collapse } td, th { padding: .3rem 1rem .3rem 0; text-align: left }
.ready { color: #1a7f37 } .unwell { color: #b42318 } code { font-size: .85em }
</style>
</head>
<body>
<h1>Flotilla</h1>
<table>
<thead><tr><th>agent</th><th>instance</th><th>state</th><th>detail</th></tr></thead>
<tbody>${rows.join('\n')}</tbody>
</table>
<p><a href="/metrics">metrics</a> <a href="/api/v1/health">health</a></p>
</body>
</html>
`
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
