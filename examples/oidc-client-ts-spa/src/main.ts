import type { User } from 'oidc-client-ts'
import { orders, refresh, signIn, signOut, takeAnswer } from './sign-in.ts'

const element = (id: string): HTMLElement => {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no ${id}`)
  return found
}

const say = (text: string): void => {
  element('who').textContent = text
}

const showUser = ({ profile, expires_in: seconds }: User): void => {
  say(`Signed in as ${profile.sub}, tokens for ${seconds ?? 0} s`)
}

/** Does something when a button is pressed, and says so when it fails. */
const on = (id: string, work: () => Promise<void>): void => {
  element(id).addEventListener('click', () => {
    work().catch((error: unknown) => {
      say(`It did not work: ${error instanceof Error ? error.message : 'unknown error'}`)
    })
  })
}

on('sign-in', signIn)
on('sign-out', signOut)
on('orders-button', async () => {
  element('orders').textContent = await orders()
})
on('refresh', async () => {
  element('orders').textContent = ''
  showUser(await refresh())
})

try {
  const user = await takeAnswer()
  if (user !== undefined) showUser(user)
} catch (error) {
  say(`It did not work: ${error instanceof Error ? error.message : 'unknown error'}`)
}
