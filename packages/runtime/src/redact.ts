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

/** Depths at which values are logged here: the object itself, one part of it, a part of a part. */
export const secretKeyPaths: readonly string[] = secretKeys.flatMap((key) => {
  const name = /^[A-Za-z]+$/.test(key) ? `.${key}` : `["${key}"]`
  return [name.startsWith('.') ? key : name, `*${name}`, `*.*${name}`]
})

/** A short secret (an empty password, `guest`) would blank out half of every line. */
const secretLengthMin = 6

export function withoutSecrets(secrets: readonly string[]): (line: string) => string {
  const known = secrets
    .filter((secret) => secret.length >= secretLengthMin)
    .flatMap((secret) => [...new Set([secret, JSON.stringify(secret).slice(1, -1)])])
  return (line) => {
    let cleaned = line
    for (const secret of known) {
      if (cleaned.includes(secret)) cleaned = cleaned.replaceAll(secret, '[redacted]')
    }
    return cleaned.includes('://') ? cleaned.replaceAll(urlPassword, '$1[redacted]@') : cleaned
  }
}

/** The password of `scheme://user:password@host`. */
const urlPassword = /([a-z][a-z0-9+.-]*:\/\/[^\s:/@"]*:)[^\s/@"]+@/gi
