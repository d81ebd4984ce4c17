/** What one look found. A remedy belongs to every finding. */
export type Finding = {
  readonly check: string
  readonly state: 'ok' | 'finding'
  readonly message: string
  readonly remedy?: string | undefined
}

export const ok = (check: string, message: string): Finding => ({ check, state: 'ok', message })

export const bad = (check: string, message: string, remedy: string): Finding => ({
  check,
  state: 'finding',
  message,
  remedy,
})
