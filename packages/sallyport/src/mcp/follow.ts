import { createFetcher } from '@sallyport/server'
import { now } from '../workplace.ts'
import { fetchDocument, isLoopback, largest, objectIn, type Fetched } from './fetch-document.ts'

/** Fetches an address that a document or a challenge named. */
export type Follow = (url: string) => Promise<Fetched>

/**
 * What the operator named is fetched as it is; where strangers point is followed only to the public internet, so that nobody
 * can make this machine ask others of its own network (RFC 9728 section 7.7, A-PRM-06). The origin that was named counts as
 * named, and whoever begins on this machine may be sent on to this machine. `anywhere` leaves the guard out, for
 * installations that lie in a private network as a whole.
 */
export function createFollow(start: URL, anywhere: boolean): Follow {
  if (anywhere) return fetchDocument
  const events = { write: () => Promise.resolve() }
  const loopback = isLoopback(start)
  const guarded = createFetcher({ events, now, development: loopback }, { loopback })
  return async (url) => {
    if (URL.canParse(url) && new URL(url).origin === start.origin) return fetchDocument(url)
    const nothing = { url, headers: new Headers(), document: undefined }
    const answer = await guarded({ purpose: 'resource_metadata', url, maxBytes: largest, accept: 'application/json' })
    if (!answer.ok)
      return { ...nothing, status: undefined, fault: words[answer.fault] ?? `does not answer (${answer.fault})` }
    const document = objectIn(answer.body.toString('utf8'))
    const fault = answer.status === 200 ? undefined : `answers ${answer.status}`
    return {
      ...{ url, headers: new Headers(), status: answer.status, document },
      fault: fault ?? (document === undefined ? 'answers something that is no JSON object' : undefined),
    }
  }
}

const words: Readonly<Record<string, string>> = {
  url: 'is no https address',
  address: 'lies in a private network, where clients do not follow (--anywhere does)',
  redirect: 'answers with a redirect',
  size: `answers more than ${largest} bytes`,
}
