/**
 * Keys never reach a log. Two nets, because each has holes: by the name of the key (a value that is
 * secret wherever it comes from) and by the value (a key that a venue's error text repeats to us).
 */
const secretKeys = [
  'apiKey',
  'apiSecret',
  'secret',
  'password',
  'passphrase',
  'token',
  'authorization',
  'signature',
  'X-MBX-APIKEY',
]

const isSecretKey = new Set(secretKeys.map((key) => key.toLowerCase()))
const mentionsSecretKey = new RegExp(`"(?:${secretKeys.join('|')})":`, 'i')

/**
 * Blanks what stands under the name of a secret, at any depth. Most lines mention none, and one look
 * at the text tells; only a line that does is taken apart.
 */
function withoutSecretKeys(line: string): string {
  if (!mentionsSecretKey.test(line)) return line
  const end = line.endsWith('\n') ? '\n' : ''
  const blank = (key: string, value: unknown): unknown =>
    isSecretKey.has(key.toLowerCase()) ? '[redacted]' : value
  return JSON.stringify(JSON.parse(line, blank)) + end
}

/** A short secret (an empty password, `guest`) would blank out half of every line. */
const secretLengthMin = 6

export function withoutSecrets(secrets: readonly string[]): (line: string) => string {
  const known = secrets
    .filter((secret) => secret.length >= secretLengthMin)
    .flatMap((secret) => [...new Set([secret, JSON.stringify(secret).slice(1, -1)])])
  return (line) => {
    let cleaned = withoutSecretKeys(line)
    for (const secret of known) {
      if (cleaned.includes(secret)) cleaned = cleaned.replaceAll(secret, '[redacted]')
    }
    return cleaned.includes('://') ? cleaned.replaceAll(urlPassword, '$1[redacted]@') : cleaned
  }
}

/** The password of `scheme://user:password@host`. */
const urlPassword = /([a-z][a-z0-9+.-]*:\/\/[^\s:/@"]*:)[^\s/@"]+@/gi
