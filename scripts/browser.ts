import { chromium, type Browser } from 'playwright-core'
import { findChromium } from './chromium.ts'

/**
 * Starts a real Chromium for a test; the caller closes it.
 * Web security stays on: cross-origin rules, cookies and content policies behave as they do for people.
 */
export async function launchBrowser(): Promise<Browser> {
  const found = await findChromium()
  // Chromium refuses its sandbox to root, and containers run tests as root.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({ executablePath: found.executablePath, args, env: { ...process.env, ...found.env } })
}
