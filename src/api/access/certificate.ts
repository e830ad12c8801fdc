/** What the secure port shows its clients: given files, or certificates of our own, made once per data folder. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { writeFileAtomically } from '../../storage/write-file.js'

/** All PEM. */
export interface ServingCertificate {
  readonly key: string
  /** With what leads to its authority behind it. */
  readonly certificate: string
  /** What a client has to trust. */
  readonly authority: string
}

const DAY_MS = 24 * 60 * 60 * 1_000
const AUTHORITY_DAYS = 10 * 365
const SERVER_DAYS = 365
/** What ends sooner is made anew. */
const RENEW_BEFORE_MS = 30 * DAY_MS
/** Clocks of clients may be behind ours. */
const CLOCK_SKEW_MS = 60 * 60 * 1_000

/**
 * An authority that stays, so that a kubeconfig that was copied goes on working, and a certificate of its own that is
 * made anew before it ends and when other names are asked for. Each is one file with its key, so that the two always fit.
 *
 * @param names host names and IP addresses
 */
export async function ownCertificate(
  folder: string,
  names: readonly string[],
  now: number,
): Promise<ServingCertificate> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const authority = await readOrMake(
    join(folder, 'authority.pem'),
    ({ x509 }) => x509.ca && lasts(x509, now),
    () => makeAuthority(now),
  )
  const server = await readOrMake(
    join(folder, 'server.pem'),
    ({ x509 }) => lasts(x509, now) && x509.verify(authority.x509.publicKey) && names.every(name => isFor(x509, name)),
    () => makeServer(authority, names, now),
  )
  return { key: server.key, certificate: server.certificate, authority: authority.certificate }
}

/** @throws Error naming the flag */
export async function givenCertificate(certificateFile: string, keyFile: string): Promise<ServingCertificate> {
  const certificate = await readGiven('--tls-cert-file', certificateFile)
  const key = await readGiven('--tls-private-key-file', keyFile)
  const pair = pairOf(`${certificate}\n${key}`)
  if (pair === undefined) {
    const holds = 'PEM, with a certificate in the first and its unencrypted private key in the second'
    throw new Error(
      `--tls-cert-file ${certificateFile} and --tls-private-key-file ${keyFile} do not belong together: they hold ${holds}`,
    )
  }
  return { key: pair.key, certificate, authority: certificate }
}

/** The name to ask a certificate for when it is not made for `host`; undefined when it is, or names nobody. */
export function otherNameOf(certificate: string, host: string): string | undefined {
  const x509 = new X509Certificate(certificate)
  if (isFor(x509, host)) return undefined
  const [, name] = /(?:^|, )DNS:([^,"]+)/.exec(x509.subjectAltName ?? '') ?? []
  return name?.replace('*', 'tektite')
}

interface Pair {
  readonly key: string
  readonly certificate: string
  readonly x509: X509Certificate
}

async function readOrMake(
  file: string,
  isGood: (pair: Pair) => boolean,
  make: () => Promise<Pair | undefined>,
): Promise<Pair> {
  const kept = pairOf(await readFile(file, 'utf8').catch(() => ''))
  if (kept !== undefined && isGood(kept)) return kept
  const made = await make()
  if (made === undefined) throw new Error(`no certificate could be made for ${file}`)
  await writeFileAtomically(file, `${made.key}${made.certificate}`, 0o600)
  return made
}

/** Undefined when the text holds no certificate with its key. */
function pairOf(text: string): Pair | undefined {
  const [key] = /-----BEGIN ([A-Z ]*)PRIVATE KEY-----[^-]+-----END \1PRIVATE KEY-----\r?\n?/.exec(text) ?? []
  const [certificate] = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\r?\n?/.exec(text) ?? []
  if (key === undefined || certificate === undefined) return undefined
  try {
    const x509 = new X509Certificate(certificate)
    return x509.checkPrivateKey(createPrivateKey(key)) ? { key, certificate, x509 } : undefined
  } catch {
    // Not PEM, or encrypted: the caller says what is asked for.
    return undefined
  }
}

function lasts(x509: X509Certificate, now: number): boolean {
  return Date.parse(x509.validTo) - now > RENEW_BEFORE_MS
}

function isFor(x509: X509Certificate, name: string): boolean {
  return (isIP(name) === 0 ? x509.checkHost(name) : x509.checkIP(name)) !== undefined
}

async function makeAuthority(now: number): Promise<Pair | undefined> {
  const { generate } = await import('selfsigned')
  const made = await generate([{ name: 'commonName', value: 'tektite-authority' }], {
    ...lifetime(now, AUTHORITY_DAYS),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  })
  return pairOf(`${made.private}\n${made.cert}\n`)
}

async function makeServer(authority: Pair, names: readonly string[], now: number): Promise<Pair | undefined> {
  const { generate } = await import('selfsigned')
  const altNames = names.map(name =>
    isIP(name) === 0 ? { type: 2 as const, value: name } : { type: 7 as const, ip: name },
  )
  const made = await generate([{ name: 'commonName', value: 'tektite' }], {
    ...lifetime(now, SERVER_DAYS),
    ca: { key: authority.key, cert: authority.certificate },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames },
    ],
  })
  return pairOf(`${made.private}\n${made.cert}\n`)
}

function lifetime(now: number, days: number) {
  return {
    keyType: 'ec' as const,
    algorithm: 'sha256',
    notBeforeDate: new Date(now - CLOCK_SKEW_MS),
    notAfterDate: new Date(now + days * DAY_MS),
  }
}

function readGiven(flag: string, file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: Error) => {
    throw new Error(`${flag} ${file} cannot be read: ${cause.message}`)
  })
}
