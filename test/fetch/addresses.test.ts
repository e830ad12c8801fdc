import { expect, test } from 'vitest'
import { type AllowList, allowList, clusterAddresses, publicAddresses } from '../../src/fetch/addresses.js'

const NOBODY = allowList('')

function addressProblem(host: string, address: string, allowed: AllowList): string | undefined {
  return publicAddresses(allowed, 'resolvers fetch from')(host, address)
}

test.each([
  ['127.8.9.10', 'a loopback address'],
  ['::1', 'a loopback address'],
  ['::1%lo', 'a loopback address'],
  ['::ffff:127.0.0.1', 'a loopback address'],
  ['::ffff:a9fe:a9fe', 'a link-local address'],
  ['fe80::1%eth0', 'a link-local address'],
  ['172.31.255.255', 'a private address'],
  ['100.64.0.1', 'a private address'],
  ['fd00::1', 'a private address'],
  ['fec0::1', 'a private address'],
  ['0.0.0.0', 'no address of one public host'],
  ['192.88.99.1', 'no address of one public host'],
  ['255.255.255.255', 'no address of one public host'],
  ['::', 'no address of one public host'],
  ['100::1', 'no address of one public host'],
  ['1fff::1', 'no address of one public host'],
  ['3fff::1', 'no address of one public host'],
  ['4000::1', 'no address of one public host'],
  ['5f00::1', 'no address of one public host'],
  ['ff02::1', 'no address of one public host'],
  ['::127.0.0.1', 'an IPv4 address in disguise'],
  ['::ffff:0:127.0.0.1', 'an IPv4 address in disguise'],
  ['64:ff9b::7f00:1', 'an IPv4 address in disguise'],
  ['2002:7f00:1::', 'an IPv4 address in disguise'],
])('%s is %s', (address, what) => {
  expect(addressProblem(address, address, NOBODY)).toContain(`"${address}" is ${what}, and resolvers fetch`)
  expect(addressProblem(address, address, allowList('*'))).toBeUndefined()
})

test.each(['8.8.8.8', '172.32.0.1', '::ffff:8.8.8.8', '2606:4700::1111', '2a00:1450::1', '3ffe::1'])(
  '%s is public',
  address => {
    expect(addressProblem(address, address, NOBODY)).toBeUndefined()
  },
)

test('an installation allows hosts, all hosts under one, addresses and networks', () => {
  const allowed = allowList('git.example, *.corp.example 10.1.0.0/16,fd12::/16 nonsense/99 10.2.0.0/99')
  const refused = (host: string, address: string) => addressProblem(host, address, allowed) !== undefined
  expect(refused('GIT.example.', '10.0.0.1')).toBe(false)
  expect(refused('evilgit.example', '10.0.0.1')).toBe(true)
  expect(refused('a.b.corp.example', '10.0.0.1')).toBe(false)
  expect(refused('corp.example', '10.0.0.1')).toBe(true)
  expect(refused('any', '10.1.2.3')).toBe(false)
  expect(refused('any', '::ffff:10.1.2.3')).toBe(false)
  expect(refused('any', 'fd12:3::1')).toBe(false)
  expect(refused('any', '10.2.0.0')).toBe(true)
})

test.each(['10.1.2.3', '127.0.0.1', 'fd00::1', '::1', '8.8.8.8'])('a Service may have %s', address => {
  expect(clusterAddresses('a.b.svc', address)).toBeUndefined()
})

test.each(['169.254.169.254', '::ffff:169.254.169.254', 'fe80::1', '0.0.0.0', '64:ff9b::a9fe:a9fe'])(
  'a Service never has %s',
  address => {
    expect(clusterAddresses('a.b.svc', address)).toMatch(/^"a\.b\.svc" stands for .*, which no Service has$/)
  },
)
