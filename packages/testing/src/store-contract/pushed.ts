import { deepEqual, equal } from 'node:assert/strict'
import { retention, type PushedRequest, type PushedRequestUse, type Store } from '@sallyport/server/model'
import { exactlyOne, sameRecord, sizes, together, type ContractPart } from './assertions.ts'
import { ground, issue, type Ground } from './ground.ts'
import { digest, event, interaction, later, start } from './records.ts'

const made = (clientId: string, more: Partial<PushedRequest> = {}): PushedRequest => ({
  digest: digest(),
  clientId,
  form: 'sealed parameters',
  expiresAt: later(60),
  ...more,
})

const useOf = ({ digest, clientId }: PushedRequest, browserDigest?: string): PushedRequestUse => ({
  digest,
  clientId,
  browserDigest,
})

type Pushed = { readonly on: Ground; readonly request: PushedRequest }

async function pushed(store: Store, more: Partial<PushedRequest> = {}): Promise<Pushed> {
  const on = await ground(store)
  const request = made(on.client.id, more)
  await store.pushed.create(request)
  return { on, request }
}

/** Pushed authorization requests: found while they are good, tied to one browser, answered once. */
export const pushedContract: ContractPart = ({ describe, it }, withStore) => {
  describe('pushed requests', () => {
    it(
      'B-PAR-06 are found until they expire',
      withStore(async (store) => {
        const { request } = await pushed(store)
        const view = await store.pushed.find(request.digest, later(59.9))
        sameRecord(view?.request, request)
        equal(view?.browserDigest, undefined)
        equal(await store.pushed.find(request.digest, later(60)), undefined)
        equal(await store.pushed.find(digest(), start), undefined)
      }),
    )
    it(
      'B-CX-13 are answered by one of 64 at the same moment, and then forgotten',
      withStore(async (store) => {
        const { request } = await pushed(store)
        const answers = await together(64, () => store.pushed.use(useOf(request)))
        exactlyOne(answers, (answer) => answer)
        equal(await store.pushed.find(request.digest, start), undefined)
        equal(await store.pushed.claim(request.digest, digest(), later(600)), false)
      }),
    )
    it(
      'JR-09 belong to the first browser that opens them: others can neither claim nor answer them',
      withStore(async (store) => {
        const { request, on } = await pushed(store)
        const browsers = Array.from({ length: 16 }, () => digest())
        const answers = await together(16, (index) =>
          store.pushed.claim(request.digest, browsers[index] ?? '', later(600)),
        )
        const winner = browsers[exactlyOne(answers, (answer) => answer)] ?? ''
        equal((await store.pushed.find(request.digest, start))?.browserDigest, winner)
        equal(await store.pushed.claim(request.digest, winner, later(600)), true)
        equal(await store.pushed.use(useOf(request)), false)
        equal(await store.pushed.use(useOf(request, digest())), false)
        equal(await store.issueCode(issue(on, { pushed: useOf(request, digest()) }), start), 'pushed_used')
        equal(await store.pushed.use(useOf(request, winner)), true)
      }),
    )
    it(
      'JR-08 are answered for their own client only',
      withStore(async (store) => {
        const { request } = await pushed(store)
        const other = await ground(store)
        const use = { ...useOf(request), clientId: other.client.id }
        equal(await store.pushed.use(use), false)
        equal(await store.issueCode(issue(other, { pushed: use }), start), 'pushed_used')
        equal(await store.pushed.use(useOf(request)), true)
      }),
    )
    it(
      'B-PAR-06 give one code to 64 at the same moment; the rest write nothing',
      withStore(async (store) => {
        const { request, on } = await pushed(store)
        const answers = await together(64, () =>
          store.issueCode(issue(on, { pushed: useOf(request), events: [event()] }), start),
        )
        exactlyOne(answers, (answer) => answer === 'issued')
        equal(answers.filter((answer) => answer === 'pushed_used').length, 63)
        deepEqual(await sizes(store), { clients: 1, sessions: 1, authorizations: 1, events: 1 })
      }),
    )
    it(
      'B-CX-13 give either a code or an error',
      withStore(async (store) => {
        for (let round = 0; round < 10; round++) {
          const { request, on } = await pushed(store)
          const answers = await Promise.all([
            store.issueCode(issue(on, { pushed: useOf(request) }), start).then((outcome) => outcome === 'issued'),
            store.pushed.use(useOf(request)),
          ])
          exactlyOne(answers, (answer) => answer)
        }
      }),
    )
    it(
      'B-CX-13 are not used up by a code that could not be issued',
      withStore(async (store) => {
        const { request, on } = await pushed(store)
        const gone = { digest: digest(), version: 1 }
        equal(
          await store.issueCode(issue(on, { pushed: useOf(request), interaction: gone }), start),
          'interaction_consumed',
        )
        const excepted = { codeChallenge: undefined, exceptionId: 'no such exception' }
        equal(await store.issueCode(issue(on, { pushed: useOf(request), code: excepted }), start), 'exception_ended')
        equal(await store.issueCode(issue(on, { pushed: useOf(request) }), start), 'issued')
      }),
    )
    it(
      'JR-10 wait for the person once they were opened, however short they could be opened',
      withStore(async (store) => {
        const { request, on } = await pushed(store)
        const open = interaction(on.client.id)
        equal(await store.pushed.claim(request.digest, open.browserDigest, later(660)), true)
        await store.saveInteraction(open)
        await store.sweep(later(300), 1000)
        const records = issue(on, { pushed: useOf(request, open.browserDigest), interaction: open })
        equal(await store.issueCode(records, later(300)), 'issued')
      }),
    )
    it(
      'JR-12 go when nobody can answer them any more',
      withStore(async (store) => {
        const { request, on } = await pushed(store)
        const opened = made(on.client.id)
        await store.pushed.create(opened)
        await store.pushed.claim(opened.digest, digest(), later(660))
        const swept = async (at: number): Promise<number | undefined> =>
          (await store.sweep(later(at), 1000))['pushed_requests']
        equal(await swept(60 + retention.pushedRequest - 1), 0)
        equal(await swept(60 + retention.pushedRequest), 1)
        equal(await store.pushed.use(useOf(request)), false)
        equal(await swept(659), 0)
        equal(await swept(660), 1)
      }),
    )
  })
}
