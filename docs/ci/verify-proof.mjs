// Tells whether a report of `sallyport prove` was signed by an issuer, is unaltered, young, and proves that all holds.
//
//   node verify-proof.mjs proof.json https://id.example.com [hours]
//
// Needs Node alone: the keys come from the issuer, over TLS, and nothing else is asked. Ends with 0 when the report is to
// be believed and everything held, with 3 when something did not hold, and with 1 when it is not to be believed.
import { Buffer } from 'node:buffer'
import { createHash, createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'

const [file, issuer, hours = '24'] = process.argv.slice(2)
const end = (code, text) => {
  console.log(text)
  process.exit(code)
}
const require = (holds, problem) => holds || end(1, `not to be believed: ${problem}`)
const read = (part) => JSON.parse(Buffer.from(part, 'base64url').toString())
const getJson = async (url) => {
  const answer = await globalThis.fetch(url, { redirect: 'error', signal: globalThis.AbortSignal.timeout(10_000) })
  require(answer.ok, `${url} answered ${answer.status}`)
  return answer.json()
}

try {
  const { report, signature } = JSON.parse(readFileSync(file, 'utf8'))
  const [head, body, mark] = signature.split('.')
  const { alg, typ, kid } = read(head)
  require(alg === 'ES256' && typ === 'sallyport-proof+jwt', 'it is signed as something else')

  const metadata = await getJson(`${issuer}/.well-known/openid-configuration`)
  require(metadata.issuer === issuer, 'the issuer calls itself something else')
  const { keys } = await getJson(metadata.jwks_uri)
  const jwk = keys.find((key) => key.kid === kid && key.alg === 'ES256')
  require(jwk !== undefined, 'its key is not published by the issuer (any more)')
  const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' }
  const signed = verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(mark, 'base64url'))
  require(signed, 'the signature does not fit')

  const { iss, iat, proven, report_sha256: digest } = read(body)
  require(iss === issuer && report.issuer === issuer, 'it is of another issuer')
  const own = createHash('sha256').update(JSON.stringify(report)).digest('base64url')
  require(own === digest && report.proven === proven, 'it was altered after it was signed')
  const age = Date.now() / 1000 - iat
  require(age > -60 && age <= Number(hours) * 3600, `it was made ${new Date(iat * 1000).toISOString()}`)
  end(
    proven ? 0 : 3,
    proven ? `genuine: ${report.cases.length} cases hold` : `genuine: ${report.failed} cases do not hold`,
  )
} catch (error) {
  end(1, `not to be believed: ${error.message}`)
}
