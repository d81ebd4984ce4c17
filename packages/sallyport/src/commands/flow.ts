import type { Command } from 'commander'
import { addCommand, addGroup, collect, withSettings, type Call } from '../command.ts'
import { authenticationOf } from '../flow/authentication.ts'
import { runCodeFlow } from '../flow/code-flow.ts'
import { runDeviceFlow } from '../flow/device-flow.ts'
import { discover, type Endpoint } from '../flow/discover.ts'
import { runClientCredentials } from '../flow/client-credentials.ts'
import { showTokens } from '../flow/show-tokens.ts'
import { exitCode, usage, type ExitCode } from '../failure.ts'
import { qrForTerminal } from '../qr-code.ts'
import { readSecret } from '../secret-input.ts'

type Options = {
  readonly clientId?: string
  readonly clientSecretStdin?: boolean
  readonly key?: string
  readonly scope?: string
  readonly resource?: readonly string[]
  readonly redirectUri?: string
  readonly push?: boolean
  readonly open: boolean
  readonly timeout?: string
  /** Says whether to show a QR code; without a wish a terminal gets one. */
  readonly qr?: boolean
}

/** Adds `sallyport flow …`. */
export function addFlow(program: Command): void {
  const group = addGroup(program, 'flow', 'ask a server for tokens, as an application would')
  described(addCommand(group, 'code', 'sign in with a browser and print the tokens', code))
    .option(
      '--redirect-uri <uri>',
      'loopback address that is registered; a native client needs none of its own port',
      'http://127.0.0.1/callback',
    )
    .option('--push', 'push the request first (RFC 9126); done anyway where the server demands it')
    .option('--no-open', 'only print the address, open no browser')
    .option('--timeout <seconds>', 'how long to wait for the browser', '300')
  described(addCommand(group, 'device', 'play a device without a browser: show a code and wait for a person', device))
    .option('--qr', 'show the address as a QR code, also where this is no terminal')
    .option('--no-qr', 'show no QR code')
  described(addCommand(group, 'm2m', 'get a token for a service', m2m))
}

function described(command: Command): Command {
  return withSettings(command, 'issuer')
    .requiredOption('--client-id <id>', 'the application')
    .option('--client-secret-stdin', 'read its secret from standard input')
    .option('--key <file>', 'authenticate with this private key: a JWK or PEM')
    .option('--scope <scope>', 'what to ask for')
    .option('--resource <uri>', 'API the token is for', collect)
}

async function endpointOf(call: Call, options: Options): Promise<Endpoint> {
  const { issuer } = await call.config()
  if (issuer === undefined) throw usage('--issuer is needed: the server to ask')
  if (options.key !== undefined && options.clientSecretStdin === true)
    throw usage('give --key or --client-secret-stdin, not both')
  const secret = options.clientSecretStdin === true ? await readSecret(call.terminal, true, 'client-secret') : undefined
  const authentication = await authenticationOf({ key: options.key, secret })
  return call.terminal.during(`asking ${issuer}`, discover(issuer, options.clientId ?? '', authentication))
}

async function code(call: Call, options: Options): Promise<ExitCode> {
  const timeout = Number(options.timeout)
  if (!Number.isInteger(timeout) || timeout < 1) throw usage('--timeout is a number of seconds')
  const endpoint = await endpointOf(call, options)
  const tokens = await runCodeFlow(endpoint, {
    scope: options.scope ?? 'openid',
    resources: options.resource ?? [],
    redirectUri: options.redirectUri ?? '',
    push: options.push ?? false,
    open: options.open && process.stdout.isTTY && process.env['CI'] === undefined,
    timeout,
    say: (line) => {
      call.terminal.say(line)
    },
  })
  showTokens(call.terminal, tokens)
  return exitCode.ok
}

async function device(call: Call, options: Options): Promise<ExitCode> {
  const endpoint = await endpointOf(call, options)
  const { terminal } = call
  const tokens = await runDeviceFlow(endpoint, {
    scope: options.scope ?? 'openid',
    resources: options.resource ?? [],
    show: async ({ userCode, address, complete, expiresIn }) => {
      terminal.say(`Open this address on another device and enter the code:\n\n  ${address}\n\n  ${userCode}\n`)
      const atTerminal = process.stderr.isTTY
      const qr = (options.qr ?? atTerminal) ? await qrForTerminal(complete ?? address, atTerminal) : undefined
      if (qr !== undefined) terminal.say(qr)
      terminal.say(`Waiting up to ${Math.ceil(expiresIn / 60)} minutes for the answer.`)
    },
  })
  showTokens(terminal, tokens)
  return exitCode.ok
}

async function m2m(call: Call, options: Options): Promise<ExitCode> {
  const endpoint = await endpointOf(call, options)
  showTokens(call.terminal, await runClientCredentials(endpoint, options.scope, options.resource ?? []))
  return exitCode.ok
}
