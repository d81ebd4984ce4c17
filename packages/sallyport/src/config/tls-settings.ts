import { text } from './kinds.ts'
import { setting } from './setting.ts'

export const tlsCert = setting(
  'tls.cert',
  text,
  'PEM file of the certificate of the public listener, with its chain: the server then speaks TLS itself',
)
export const tlsKey = setting('tls.key', text, 'PEM file of the private key of that certificate')
