/** Tells clients that sessions have ended, beside the requests. */
export type LogoutNotifier = {
  /** Begins to tell what there is to tell. Returns at once, and never fails. */
  wake(): void
  /** Tells what is due and resolves when that was tried. Rejects when the store is away. */
  deliver(): Promise<void>
  /** Lets what is under way finish; the rest stays for another process. */
  close(): Promise<void>
}
