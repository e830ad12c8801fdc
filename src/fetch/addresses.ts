/**
 * Which addresses may be connected to. The author of a manifest chooses the URL, and must not reach what only this
 * machine or its network can: metadata services, databases, the API server.
 */
import { BlockList, isIP } from 'node:net'

const LOOPBACK = 'a loopback address'
const PRIVATE = 'a private address'

const RANGES: readonly (readonly [kind: string, ...networks: readonly string[]])[] = [
  [LOOPBACK, '127.0.0.0/8', '::1/128'],
  ['a link-local address', '169.254.0.0/16', 'fe80::/10'],
  [PRIVATE, '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7', 'fec0::/10'],
  [
    'no address of one public host',
    '0.0.0.0/8',
    '192.0.0.0/24',
    '192.0.2.0/24',
    '192.88.99.0/24',
    '198.18.0.0/15',
    '198.51.100.0/24',
    '203.0.113.0/24',
    '224.0.0.0/3',
    '::/128',
    'ff00::/8',
    '2001:db8::/32',
    '3fff::/20',
    // Those that are given to somebody are in 2000::/3.
    ...['100::/8', '200::/7', '400::/6', '800::/5', '1000::/4', '4000::/2', '8000::/1'],
  ],
  // Ways to write an IPv4 address as an IPv6 one; what is behind them is for nobody to say.
  [
    'an IPv4 address in disguise',
    '::/96',
    '::ffff:0:0:0/96',
    '64:ff9b::/96',
    '64:ff9b:1::/48',
    '2002::/16',
    '2001::/32',
  ],
]

const REFUSED = RANGES.map(([kind, ...networks]) => ({ kind, list: listOf(networks) }))

/** What an installation allows besides public addresses. */
export interface AllowList {
  allows(host: string, address: string): boolean
}

/**
 * Entries parted by commas or blanks: a host (`git.example`), all hosts under one (`*.example`), an address, a network
 * (`10.0.0.0/8`), or `*` for everything. A host is allowed with whatever address it has. What is none of these allows
 * nothing.
 */
export function allowList(text: string): AllowList {
  const entries = text.toLowerCase().split(/[\s,]+/)
  const networks = listOf(entries.filter(entry => isIP(entry.split('/')[0] ?? '') !== 0))
  return {
    allows(host, address) {
      const name = host.toLowerCase().replace(/\.$/, '')
      const isNamed = entries.some(entry =>
        entry.startsWith('*.') ? name.endsWith(entry.slice(1)) : entry === '*' || (entry !== '' && entry === name),
      )
      return isNamed || networks.check(address, familyOf(address))
    },
  }
}

/** Why this address of a host is not connected to, in words for the author; undefined when it is. */
export type AddressRule = (host: string, address: string) => string | undefined

/** Public addresses, and what the installation allows. `purpose` as in "resolvers fetch from" public addresses only. */
export function publicAddresses(allowed: AllowList, purpose: string): AddressRule {
  return (host, address) => {
    const refused = refusedKind(address)
    if (refused === undefined || allowed.allows(host, address)) return undefined
    return `${stands(host, address, refused)}, and ${purpose} public addresses only. To allow it, set the environment variable TEKTITE_ALLOWED_HOSTS=${host}, or add ${host} to the key allowed-hosts of the ConfigMap "tektite-config" in the namespace "tekton-pipelines-resolvers"`
  }
}

/** Where the Services of a cluster are: private addresses most of all, but no metadata service. */
export const clusterAddresses: AddressRule = (host, address) => {
  const refused = refusedKind(address)
  if (refused === undefined || refused === LOOPBACK || refused === PRIVATE) return undefined
  return `${stands(host, address, refused)}, which no Service has`
}

function refusedKind(address: string): string | undefined {
  return REFUSED.find(({ list }) => list.check(address, familyOf(address)))?.kind
}

function stands(host: string, address: string, kind: string): string {
  return host === address ? `"${host}" is ${kind}` : `"${host}" stands for ${address}, ${kind}`
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    const family = familyOf(address)
    const most = family === 'ipv6' ? 128 : 32
    const prefix = bits === undefined ? most : Number(bits)
    if (Number.isInteger(prefix) && prefix >= 0 && prefix <= most) list.addSubnet(address, prefix, family)
  }
  return list
}
