import { hiddenCharacters } from '@sallyport/protocol'
import type { ClientRegistration } from './registration.ts'

type PageFault = { readonly member: string; readonly problem: string }

const pages = ['clientUri', 'logoUri', 'policyUri', 'tosUri'] as const

const maxUriLength = 2048
const maxNameLength = 100
/** Most texts in other languages. */
const maxLocalized = 50

const localizedMember = /^(client_name|client_uri|logo_uri|policy_uri|tos_uri)#[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,7}$/

/** Why an address may not be shown to people: https, a host, nobody's user name, nothing that cannot be read (DC-01). */
export function pageUriFault(uri: unknown): string | undefined {
  if (typeof uri !== 'string' || !uri.startsWith('https://')) return 'must be an https URL'
  if (uri.length > maxUriLength) return `is longer than ${maxUriLength} characters`
  if (!/^[\x21-\x7e]+$/.test(uri) || /[\\"<>]/.test(uri)) return 'contains characters that an address does not have'
  if (!URL.canParse(uri)) return 'is not a valid URL'
  const { username, password } = new URL(uri)
  return username === '' && password === '' ? undefined : 'contains user information'
}

/** The rules for what people see of a client beside its name, and for its texts in other languages. */
export function pageFaults(input: ClientRegistration): PageFault[] {
  const faults: PageFault[] = []
  for (const member of pages) {
    const problem = input[member] === undefined ? undefined : pageUriFault(input[member])
    if (problem !== undefined) faults.push({ member, problem })
  }
  const localized = Object.entries(input.localized ?? {})
  if (localized.length > maxLocalized)
    faults.push({ member: 'localized', problem: `has more than ${maxLocalized} entries` })
  for (const [member, text] of localized.slice(0, maxLocalized)) {
    const problem = localizedFault(member, text)
    if (problem !== undefined) faults.push({ member: 'localized', problem })
  }
  return faults
}

function localizedFault(member: string, text: unknown): string | undefined {
  const name = localizedMember.exec(member)?.[1]
  if (name === undefined) return `${JSON.stringify(member.slice(0, 60))} is no member with a language tag`
  if (name !== 'client_name') {
    const problem = pageUriFault(text)
    return problem === undefined ? undefined : `${member} ${problem}`
  }
  if (typeof text !== 'string' || text.trim() === '' || text.length > maxNameLength || hiddenCharacters.test(text))
    return `${member} must be 1 to ${maxNameLength} characters without control or direction characters`
  return undefined
}
