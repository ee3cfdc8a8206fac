// Points every address of an exchange at another host. One that is forgotten would send a signed request,
// key and all, to the real exchange.

/** `http` addresses keep their path; `ws` ones too, with the matching scheme. */
export function redirectUrls(tree: unknown, baseUrl: string): unknown {
  if (typeof tree === 'string') return redirectUrl(tree, baseUrl)
  if (typeof tree !== 'object' || tree === null) return tree
  return Object.fromEntries(
    Object.entries(tree).map(([key, branch]) => [key, redirectUrls(branch, baseUrl)]),
  )
}

function redirectUrl(address: string, baseUrl: string): string {
  const original = new URL(address)
  const base = new URL(baseUrl)
  const isSocket = original.protocol === 'ws:' || original.protocol === 'wss:'
  const scheme = isSocket ? base.protocol.replace('http', 'ws') : base.protocol
  const prefix = base.pathname.replace(/\/$/, '')
  const path = original.pathname === '/' ? '' : original.pathname
  return `${scheme}//${base.host}${prefix}${path}`
}

export function isAt(address: string, baseUrl: string): boolean {
  return new URL(address).host === new URL(baseUrl).host
}
