import type { PkceDerivation } from '../pkce-derivation.ts'
import { markup, type Html } from './markup.ts'

const bytes = (hex: string): string => (hex.match(/../g) ?? []).join(' ')

/** The verifier turned into the challenge, step by step. */
export const pkceView = ({ verifier, digest, challenge }: PkceDerivation): Html => markup`<ol class="derivation">
<li><p class="what"><strong>code_verifier</strong> 32 random bytes, written as 43 characters. Secret.</p>
<p class="value" translate="no">${verifier}</p></li>
<li><p class="what"><strong>SHA-256</strong> of its ${verifier.length} ASCII bytes gives 32 bytes. Easy this way, impossible back.</p>
<p class="value" translate="no">${bytes(digest)}</p></li>
<li><p class="what"><strong>code_challenge</strong> The same 32 bytes as base64url without padding. Public.</p>
<p class="value" translate="no">${challenge}</p></li>
</ol>`
