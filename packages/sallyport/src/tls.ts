import { constants, createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Server as HttpServer } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { SecureContextOptions } from 'node:tls'
import type { ConfigFault } from './config/layers.ts'
import type { Config } from './config/load.ts'
import { CommandFailure, exitCode } from './failure.ts'
import type { Log } from './log.ts'

/** Certificate and key of our own listeners, as PEM. */
export type TlsMaterial = { readonly cert: string; readonly key: string }

type Files = Config['tls']

/**
 * TLS 1.2 with the suites that RFC 9325 section 4.2 recommends, and 1.3 with all of its own: nothing without forward secrecy,
 * nothing without authenticated encryption (B-FAPI-11).
 */
export const suites: SecureContextOptions = {
  // A connection is what its own handshake says: no tickets that outlive their keys, no second handshake with other certificates.
  secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
  minVersion: 'TLSv1.2',
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
  ].join(':'),
}

const wrong = (key: 'tls.cert' | 'tls.key', problem: string, fix: string): ConfigFault => ({
  ...{ key, origin: 'file', problem, fix },
  kind: 'broken',
})

/** What the files hold, `undefined` where TLS ends elsewhere, or what is wrong with them. */
export function readTls({ cert: certFile, key: keyFile }: Files): TlsMaterial | ConfigFault | undefined {
  if (certFile === undefined && keyFile === undefined) return undefined
  if (keyFile === undefined) return wrong('tls.key', 'is not set, but tls.cert is', 'name the file of the private key')
  if (certFile === undefined) return wrong('tls.cert', 'is not set, but tls.key is', 'name the file of the certificate')
  const cert = readText(certFile)
  if (cert === undefined) return wrong('tls.cert', `${certFile} cannot be read`, 'check the path and its permissions')
  const key = readText(keyFile)
  if (key === undefined) return wrong('tls.key', `${keyFile} cannot be read`, 'check the path and its permissions')
  return pairFault(cert, key) ?? { cert, key }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** A pair that no client would accept is told before anybody meets it. */
function pairFault(cert: string, key: string): ConfigFault | undefined {
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(cert)
  } catch {
    return wrong('tls.cert', 'holds no certificate in PEM', 'put the certificate first, and its chain after it')
  }
  try {
    if (!certificate.checkPrivateKey(createPrivateKey(key)))
      return wrong('tls.key', 'is not the key of tls.cert', 'name the two files of one certificate')
  } catch {
    return wrong('tls.key', 'holds no private key in PEM without a password', 'name the file of the private key')
  }
  if (certificate.validToDate.getTime() > Date.now()) return undefined
  return wrong('tls.cert', `is over since ${certificate.validToDate.toISOString()}`, 'renew the certificate')
}

/** The start has looked at the files already, so only what changed since can be wrong with them. */
export function ownCertificate({ tls }: Config): TlsMaterial | undefined {
  const found = readTls(tls)
  if (found !== undefined && 'problem' in found)
    throw new CommandFailure(exitCode.unusable, `${found.key}: ${found.problem}; ${found.fix}`)
  return found
}

const speaksTls = (server: HttpServer): server is HttpsServer => 'setSecureContext' in server

/** Milliseconds between two looks at the files: renewals are made days before anybody needs them. */
const interval = 60_000

export type CertificateKeeper = {
  /** Looks at the files now. */
  renew(): void
  stop(): void
}

/**
 * Puts a renewed certificate into running listeners: every minute, and at SIGHUP. Files that cannot be used are told and
 * leave the old certificate in place, since whoever writes them may be half-way.
 */
export function keepCertificate(files: Files, servers: readonly HttpServer[], log: Log): CertificateKeeper {
  let current = readTls(files)
  let told = ''
  const renew = (): void => {
    const found = readTls(files)
    if (found === undefined) return
    if ('problem' in found) {
      const message = `${found.key}: ${found.problem}; ${found.fix}`
      if (message !== told) log.line('error', `the certificate was not renewed: ${message}`)
      told = message
      return
    }
    told = ''
    if (current !== undefined && 'cert' in current && current.cert === found.cert && current.key === found.key) return
    current = found
    for (const server of servers.filter(speaksTls)) server.setSecureContext({ ...suites, ...found })
    const { validToDate } = new X509Certificate(found.cert)
    log.line('info', 'the certificate was renewed', { valid_until: validToDate.toISOString() })
  }
  const timer = setInterval(renew, interval)
  timer.unref()
  process.on('SIGHUP', renew)
  return {
    renew,
    stop: () => {
      clearInterval(timer)
      process.removeListener('SIGHUP', renew)
    },
  }
}
