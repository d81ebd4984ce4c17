import { createHmac } from 'node:crypto'

/** Sends one request and tells the status of the answer; rejects when there was none. */
export type Post = (url: URL, headers: Readonly<Record<string, string>>, body: string) => Promise<number>

export type WebhookOptions = {
  readonly url: string
  /** Key of the signature, shared with the receiver. */
  readonly secret: string
  /** Name of the header that carries the id of what is delivered. */
  readonly idHeader: string
  readonly post: Post
  readonly onOutcome: (outcome: 'delivered' | 'failed' | 'dropped') => void
  /** Seconds since 1970. */
  readonly now: () => number
}

/** Delivers texts one after another, each until the receiver took it or its attempts are used up. */
export type Webhook = {
  send(id: string, text: string): void
  /** Tries what is left once more, at most as long as one attempt takes. */
  close(): Promise<void>
}

const maxWaiting = 100
const maxAttempts = 8
/** Seconds before the second attempt; each further wait is twice as long. */
const firstWait = 2
const longestWait = 300

/** `t` and `v1` as the receiver computes them: HMAC-SHA-256 over the time, a dot and the body. */
export const signature = (secret: string, time: number, text: string): string =>
  `t=${time},v1=${createHmac('sha256', secret).update(`${time}.${text}`).digest('hex')}`

export function createWebhook({ url, secret, idHeader, post, onOutcome, now }: WebhookOptions): Webhook {
  const target = new URL(url)
  const waiting: { readonly id: string; readonly text: string; attempts: number }[] = []
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let closed = false

  const attempt = async (id: string, text: string): Promise<boolean> => {
    const headers = {
      'content-type': 'application/json',
      [idHeader]: id,
      'sallyport-signature': signature(secret, Math.floor(now()), text),
    }
    try {
      const status = await post(target, headers, text)
      return status >= 200 && status < 300
    } catch {
      return false
    }
  }

  /** Works the queue off until one fails; their order is kept. */
  const work = async (): Promise<void> => {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const taken = await attempt(next.id, next.text)
      if (!taken && ++next.attempts < maxAttempts) return later(next.attempts)
      waiting.shift()
      onOutcome(taken ? 'delivered' : 'failed')
    }
  }

  const later = (attempts: number): void => {
    if (closed) return
    timer = setTimeout(start, Math.min(longestWait, firstWait * 2 ** (attempts - 1)) * 1000)
    timer.unref()
  }

  const start = (): void => {
    timer = undefined
    running ??= work().finally(() => {
      running = undefined
      if (waiting.length > 0 && timer === undefined && !closed) start()
    })
  }

  return {
    send: (id, text) => {
      if (waiting.length >= maxWaiting) return onOutcome('dropped')
      waiting.push({ id, text, attempts: 0 })
      if (timer === undefined) start()
    },
    close: async () => {
      closed = true
      clearTimeout(timer)
      await running
      clearTimeout(timer)
      const left = waiting.splice(0)
      await Promise.all(
        left.map(async ({ id, text }) => {
          onOutcome((await attempt(id, text)) ? 'delivered' : 'failed')
        }),
      )
    },
  }
}
