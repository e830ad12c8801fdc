/** The API over TLS, and the kubeconfig that leads to it: `kubectl` sends no token over plain HTTP. */
import { readFile } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'
import { join, resolve } from 'node:path'
import { describeError } from '../../lib/fault.js'
import { writeFileAtomically } from '../../storage/write-file.js'
import { type Api, type ApiDeps, startApi } from '../server.js'
import { givenCertificate, otherNameOf, ownCertificate, type ServingCertificate } from './certificate.js'
import { kubeconfig, portOf } from './kubeconfig.js'
import type { Role } from './users.js'

export interface SecurePortOptions {
  /** 0: that of the kubeconfig that is there, when nobody has it, else any. */
  readonly port: number
  /** An IP address. */
  readonly bindAddress: string
  /** Files with PEM. Without them the certificate is our own. */
  readonly tlsFiles?: { readonly certificate: string; readonly key: string } | undefined
  /** What our own certificate is for, besides this machine. */
  readonly tlsNames: readonly string[]
  readonly dataDir: string
  readonly tokens: Readonly<Record<Role, string>>
  readonly now: () => number
}

export interface SecurePort {
  /** As in `https://127.0.0.1:6443`. */
  readonly url: string
  /** The file for the role admin; the one for view is beside it. Readable by their owner only. */
  readonly kubeconfig: string
  close(): Promise<void>
}

/** Given files may have been replaced, our own certificate may come to its end. */
const LOOK_AGAIN_MS = 6 * 60 * 60 * 1_000

/** @throws Error with `code` EADDRINUSE or EACCES when the port cannot be had */
export async function openSecurePort(deps: ApiDeps, options: SecurePortOptions): Promise<SecurePort> {
  const { bindAddress } = options
  const file = resolve(options.dataDir, 'kubeconfig')
  let serving = await readCertificate(options)
  const tls = { key: serving.key, cert: serving.certificate }
  const api = await onKeptPort(options.port, file, port => startApi(deps, { port, host: bindAddress, tls }))
  const host = reachableAt(bindAddress)
  const url = `https://${isIPv6(host) ? `[${host}]` : host}:${api.port}`
  const write = async (): Promise<void> => {
    const tlsServerName = otherNameOf(serving.certificate, host)
    const cluster = { server: url, authority: serving.authority, tlsServerName }
    await writeIfNew(file, kubeconfig({ ...cluster, token: options.tokens.admin }))
    await writeIfNew(`${file}-view`, kubeconfig({ ...cluster, token: options.tokens.view }))
  }
  await write().catch(async (error: unknown) => {
    await api.close()
    throw error
  })
  const lookAgain = async (): Promise<void> => {
    const found = await readCertificate(options)
    if (found.certificate === serving.certificate) return
    serving = found
    api.useCertificate({ key: found.key, cert: found.certificate })
    await write()
  }
  const timer = setInterval(() => {
    lookAgain().catch((error: unknown) =>
      deps.log.error('renewing the certificate failed', { error: describeError(error) }),
    )
  }, LOOK_AGAIN_MS).unref()
  return {
    url,
    kubeconfig: file,
    close() {
      clearInterval(timer)
      return api.close()
    },
  }
}

async function writeIfNew(file: string, text: string): Promise<void> {
  if ((await readFile(file, 'utf8').catch(() => '')) !== text) await writeFileAtomically(file, text, 0o600)
}

function readCertificate({
  tlsFiles,
  dataDir,
  bindAddress,
  tlsNames,
  now,
}: SecurePortOptions): Promise<ServingCertificate> {
  if (tlsFiles !== undefined) return givenCertificate(tlsFiles.certificate, tlsFiles.key)
  const names = [...namesOfMachine(bindAddress), ...tlsNames]
  return ownCertificate(join(dataDir, 'tls'), [...new Set(names)], now())
}

function namesOfMachine(bindAddress: string): readonly string[] {
  const name = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$/.test(hostname()) ? [hostname().toLowerCase()] : []
  return ['localhost', ...name, '127.0.0.1', '::1', ...addressesBehind(bindAddress)]
}

function addressesBehind(bindAddress: string): readonly string[] {
  if (!isWildcard(bindAddress)) return [bindAddress]
  const all = Object.values(networkInterfaces()).flatMap(addresses => addresses ?? [])
  // An address of one link means nothing without the name of the link, which no certificate holds.
  return all.filter(({ address, scopeid }) => !scopeid && !address.includes('%')).map(({ address }) => address)
}

function reachableAt(bindAddress: string): string {
  if (bindAddress === '::') return '::1'
  return isWildcard(bindAddress) ? '127.0.0.1' : bindAddress
}

function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::'
}

/** What was told the address goes on working over a restart, unless somebody else has taken the port meanwhile. */
async function onKeptPort(port: number, file: string, start: (port: number) => Promise<Api>): Promise<Api> {
  const kept = port === 0 ? portOf(await readFile(file, 'utf8').catch(() => '')) : undefined
  if (kept === undefined) return start(port)
  try {
    return await start(kept)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error
    return start(0)
  }
}
