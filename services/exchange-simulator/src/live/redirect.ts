/**
 * Points every address of an exchange at another host, keeping paths. Streams keep their scheme: ws
 * where the exchange has wss, since the loopback has no certificate.
 */
export function redirected(value: unknown, url: string): unknown {
  if (typeof value === 'string') {
    const scheme = value.startsWith('ws') ? 'ws' : 'http'
    return value.replace(/^[a-z]+:\/\/[^/]+/, url.replace(/^http/, scheme))
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, redirected(part, url)]),
  )
}
