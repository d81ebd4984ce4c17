import type { AttackOutcome } from '../attacks/attack.ts'
import type { DemoClient } from '../demo.ts'
import type { Step } from '../step.ts'
import type { McpAttackId } from './mcp-attacks.ts'
import type { McpRun } from './mcp-run.ts'

/** What the demo app knows, for one browser, as a client of the MCP server. */
export type McpState = {
  /** The client it registered as; it registers once and keeps that, as real clients do. */
  client: DemoClient | undefined
  /** What was said until the browser was sent away. */
  before: readonly Step[]
  run: McpRun | undefined
  readonly outcomes: Map<McpAttackId, AttackOutcome>
}

export const newMcpState = (): McpState => ({ client: undefined, before: [], run: undefined, outcomes: new Map() })
