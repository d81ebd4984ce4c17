import { attackIds } from '../attacks/attack.ts'
import { gateAddress, type Demo } from '../demo.ts'
import { attackList } from './attack-list.ts'
import { deviceRunForm } from './device-page.ts'
import { dpopRunForm } from './dpop-page.ts'
import { gatePicture } from './gate-picture.ts'
import { demoPage } from './layout.ts'
import { mcpRunForm } from './mcp-page.ts'
import { markup, type Html } from './markup.ts'
import { pushedRunForm } from './pushed-page.ts'
import { stepUpRunForm } from './step-up-page.ts'

const runForm = (app: string): Html =>
  markup`<form method="post" action="${app}/run" id="run"><button type="submit">Run the flow</button></form>`

const signInCard = ({ username, password }: Demo): Html => markup`<div class="card sign-in">
<h2>You will sign in as</h2>
<dl><div><dt>Name</dt><dd><code class="copy">${username}</code></dd></div>
<div><dt>Password</dt><dd><code class="copy">${password}</code></dd></div></dl>
<p class="aside">Made at random for this machine. Sallyport stores only its hash; the words above are in a file that you alone can read.</p></div>`

const hero = (demo: Demo): Html => markup`<section class="hero">
<div class="words">
<h1>A stolen code opens nothing.</h1>
<p class="lead">A sally port is a gate with two doors. The second opens only for the one who came through the first. Sallyport signs people in the same way: the code that travels through the browser is worthless without a secret that never does.</p>
${runForm(demo.addresses.app)}
<p class="aside">A real authorization code flow with PKCE, between three programs on this machine. Nothing here is a mock-up.</p>
</div>
${gatePicture}
</section>`

const acts: readonly { readonly title: string; readonly text: string }[] = [
  {
    title: 'You sign in and agree',
    text: 'On the real pages of Sallyport, as people do. The app never sees the password.',
  },
  {
    title: 'The app gets its tokens',
    text: 'You come back to every request and answer as it was sent, the secret turned into its fingerprint, and both tokens taken apart.',
  },
  {
    title: 'You try to break it',
    text: `${attackIds.length} attacks, each carried out for real. You see the request, the refusal, the reason and the clause behind it.`,
  },
]

const story = markup`<section class="acts" aria-labelledby="acts-title"><h2 id="acts-title">What happens</h2>
<ol>${acts.map(({ title, text }) => markup`<li><h3>${title}</h3><p>${text}</p></li>`)}</ol></section>`

const kinds = [
  ['web', 'web, with a secret'],
  ['spa', 'browser only, public'],
  ['native', 'native, public'],
  ['device', 'device, public'],
] as const

const machinery = ({ addresses, clients }: Demo): Html => {
  const { issuer, app, api } = addresses
  const links: readonly (readonly [string, string])[] = [
    ['Metadata', `${issuer}/.well-known/openid-configuration`],
    ['Keys', `${issuer}/oauth2/jwks`],
    ['Demo app', app],
    ['Demo API', api],
    ['Demo MCP server', gateAddress(addresses)],
    ['Documentation', `${issuer}/docs`],
  ]
  return markup`<section class="machinery" aria-labelledby="machinery-title"><h2 id="machinery-title">On this machine</h2>
<dl class="links">${links.map(([text, href]) => markup`<div><dt>${text}</dt><dd><a href="${href}">${href}</a></dd></div>`)}</dl>
<h3>Clients you can build on</h3>
<dl class="links">${kinds.map(
    ([name, kind]) =>
      markup`<div><dt>${clients[name].name} <span class="aside">${kind}</span></dt><dd><code class="copy">${clients[name].id}</code>${clients[name].redirectUri !== '' && markup`<br><span class="aside">${clients[name].redirectUri}</span>`}</dd></div>`,
  )}</dl></section>`
}

const mcpSection = ({
  addresses,
}: Demo): Html => markup`<section class="try" aria-labelledby="mcp-title" id="mcp"><h2 id="mcp-title">Let a stranger in by one address</h2>
<p class="lead">An assistant is given the address of an MCP server, and nothing else. It finds the issuer, registers itself, sends you to agree, calls a tool, and has to ask again for the tool that does something.</p>
${mcpRunForm(addresses.app, 'Connect to the server')}
<p class="aside"><a href="${addresses.app}/mcp">What people try against it</a></p></section>`

const deviceSection = ({
  addresses,
}: Demo): Html => markup`<section class="try" aria-labelledby="device-title" id="device"><h2 id="device-title">Let a television in</h2>
<p class="lead">A device without a browser shows a code. You enter it here, see who asks and from where, and decide. The device asks again and again until you did.</p>
${deviceRunForm(addresses.app, 'Turn the television on')}
<p class="aside"><a href="${addresses.app}/device">What people try against it</a></p></section>`

const pushedSection = ({
  addresses,
}: Demo): Html => markup`<section class="try" aria-labelledby="pushed-title" id="pushed"><h2 id="pushed-title">Send a request that nobody can read</h2>
<p class="lead">The app hands its request to Sallyport itself. The browser brings a reference, and nobody on the way reads or changes what was asked for.</p>
${pushedRunForm(addresses.app, 'Push a request')}
<p class="aside"><a href="${addresses.app}/pushed">What people try against it</a></p></section>`

const dpopSection = ({
  addresses,
}: Demo): Html => markup`<section class="try" aria-labelledby="dpop-title" id="dpop"><h2 id="dpop-title">Steal a token that is bound to a key</h2>
<p class="lead">A bearer token works for whoever holds it. This one works only together with a key that never leaves its program, and every request brings a fresh proof of it.</p>
${dpopRunForm(addresses.app, 'Fetch a bound token')}
<p class="aside"><a href="${addresses.app}/dpop">What people try against it</a></p></section>`

const stepUpSection = ({
  addresses,
}: Demo): Html => markup`<section class="try" aria-labelledby="step-up-title" id="step-up"><h2 id="step-up-title">Open a treasure</h2>
<p class="lead">An API refuses a token although it is good, because its sign-in was not strong enough. The app comes back with a better one, and you type one code.</p>
${stepUpRunForm(addresses.app, 'Ask for the treasure')}
<p class="aside"><a href="${addresses.app}/step-up">What people try against it</a></p></section>`

/** The first page: what this is, how to sign in, and both ways on. */
export function landingPage(demo: Demo): string {
  const { app } = demo.addresses
  const body = markup`${hero(demo)}
<div class="after-hero">${signInCard(demo)}${story}</div>
<section class="try" aria-labelledby="try-title" id="attacks"><h2 id="try-title">Try to break it</h2>
<p class="lead">If nobody is signed in yet, the first attack that needs a code sends you to sign in.</p>
${attackList(app, new Map())}</section>
${deviceSection(demo)}
${dpopSection(demo)}
${mcpSection(demo)}
${pushedSection(demo)}
${stepUpSection(demo)}
${machinery(demo)}`
  return demoPage({
    title: 'A stolen code opens nothing',
    body,
    links: [
      { href: '#attacks', text: 'Attacks' },
      { href: '#device', text: 'Device' },
      { href: '#dpop', text: 'DPoP' },
      { href: '#mcp', text: 'MCP' },
      { href: '#pushed', text: 'PAR' },
      { href: '#step-up', text: 'Step-up' },
      { href: '/governance', text: 'Governance' },
      { href: '/docs', text: 'Documentation' },
    ],
  })
}
