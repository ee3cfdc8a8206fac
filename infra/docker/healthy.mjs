// The health check of every container of ours: ready, as its own endpoint says.
const port = process.env.FLOTILLA_HTTP__PORT ?? '9100'
const url = process.argv[2] ?? `http://127.0.0.1:${port}/api/v1/health/readiness`
const answer = await fetch(url, { signal: AbortSignal.timeout(4_000) }).catch(() => null)
process.exit(answer?.ok === true ? 0 : 1)
