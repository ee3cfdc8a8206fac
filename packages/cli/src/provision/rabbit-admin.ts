// What provisioning says to RabbitMQ's management API. Every call can be repeated: it puts a thing
// into the state it should have.

type TopicRights = {
  readonly exchange: string
  readonly write: string
  readonly read: string
}

type UserRights = {
  readonly configure: string
  readonly write: string
  readonly read: string
  readonly topics: readonly TopicRights[]
}

export type RabbitAdmin = {
  createVhost(vhost: string): Promise<void>
  createExchange(vhost: string, exchange: string): Promise<void>
  createUser(user: string, password: string): Promise<void>
  grant(vhost: string, user: string, rights: UserRights): Promise<void>
}

/** The broker refused a step of provisioning; says which one and in whose words. */
export class ProvisionError extends Error {
  override readonly name = 'ProvisionError'
}

const TIMEOUT_MS = 10_000

/** `url` is the management API's address, `http://host:15672`. */
export function createRabbitAdmin(options: {
  readonly url: string
  readonly user: string
  readonly password: string
}): RabbitAdmin {
  const { url, user, password } = options
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

  const put = async (path: readonly string[], body: object): Promise<void> => {
    const address = new URL(`/api/${path.map(encodeURIComponent).join('/')}`, url)
    const response = await fetch(address, {
      method: 'PUT',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    if (response.ok) return
    const reason = (await response.text()).slice(0, 300)
    throw new ProvisionError(`PUT ${address.pathname}: ${response.status} ${reason}`)
  }

  return {
    createVhost: (vhost) => put(['vhosts', vhost], {}),
    createExchange: (vhost, exchange) =>
      put(['exchanges', vhost, exchange], { type: 'topic', durable: true, auto_delete: false }),
    createUser: (name, secret) => put(['users', name], { password: secret, tags: '' }),
    grant: async (vhost, name, { configure, write, read, topics }) => {
      await put(['permissions', vhost, name], { configure, write, read })
      for (const topic of topics) await put(['topic-permissions', vhost, name], topic)
    },
  }
}
