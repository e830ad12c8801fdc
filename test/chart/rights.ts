/** Rights as RBAC has them, and an API server that grants no others: what a process asks for is held against a role's rules. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { attributesOf, type ResourceAttributes } from '../../src/api/access/attributes.js'

export interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
  readonly resourceNames?: readonly string[]
}

/** A rule, and where it holds: '' for everywhere. */
export interface Grant {
  readonly rule: Rule
  readonly namespace: string
}

/** `get pods`, `update pipelineruns.tekton.dev/status`: each that a grant allows, once. */
export function rightsOf({ rule: { apiGroups, resources, verbs } }: Grant): readonly string[] {
  return apiGroups.flatMap(group => resources.flatMap(resource => verbs.map(verb => rightText(verb, group, resource))))
}

function rightText(verb: string, group: string, resource: string): string {
  const [plural = '', subresource] = resource.split('/')
  return `${verb} ${plural}${group === '' ? '' : `.${group}`}${subresource === undefined ? '' : `/${subresource}`}`
}

/** By `namespace/name` of a ServiceAccount: what it may do. */
export type Accounts = Readonly<Record<string, readonly Grant[]>>

const IMPERSONATE = 'impersonate serviceaccounts'

export interface Guard {
  readonly server: string
  /** Rights that were asked for, and granted. */
  readonly used: ReadonlySet<string>
  /** What was refused, with its namespace and name. */
  readonly refused: ReadonlySet<string>
  close(): Promise<void>
}

/**
 * Passes on to `api` what the grants allow, and answers the rest as an API server with RBAC does. Who acts as a ServiceAccount
 * needs the right to, and then the account its own.
 */
export async function startGuard(api: string, grants: readonly Grant[], accounts: Accounts = {}): Promise<Guard> {
  const [used, refused] = [new Set<string>(), new Set<string>()]
  const mayActAs = (user: string, asked: ResourceAttributes): boolean => {
    const [, , namespace = '', name = ''] = user.split(':')
    const account = {
      verb: 'impersonate',
      group: '',
      version: 'v1',
      resource: 'serviceaccounts',
      subresource: '',
      namespace,
      name,
    }
    return (
      grants.some(grant => allows(grant, account)) &&
      (accounts[`${namespace}/${name}`] ?? []).some(grant => allows(grant, asked))
    )
  }
  const server = createServer((incoming, response) => {
    const { pathname, searchParams } = new URL(incoming.url ?? '/', api)
    const asked = attributesOf(incoming.method ?? '', pathname, searchParams)
    // Discovery is everybody's.
    if ('path' in asked) return passOn(api, incoming, response)
    const { verb, group, resource, subresource, namespace, name } = asked
    const right = rightText(verb, group, subresource === '' ? resource : `${resource}/${subresource}`)
    const user = incoming.headers['impersonate-user']
    if (user === undefined ? grants.some(grant => allows(grant, asked)) : mayActAs(`${user}`, asked)) {
      used.add(user === undefined ? right : IMPERSONATE)
      return passOn(api, incoming, response)
    }
    refused.add(`${right} (${namespace}/${name})${user === undefined ? '' : ` as ${user}`}`)
    incoming.resume()
    const message = `${resource}.${group} "${name}" is forbidden: User "process" cannot ${right} in the namespace "${namespace}"`
    const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Forbidden', code: 403, message }
    response.writeHead(403, { 'content-type': 'application/json' }).end(JSON.stringify(status))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    used,
    refused,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function allows({ rule, namespace }: Grant, asked: ResourceAttributes): boolean {
  const resource = asked.subresource === '' ? asked.resource : `${asked.resource}/${asked.subresource}`
  return (
    (namespace === '' || namespace === asked.namespace) &&
    rule.apiGroups.includes(asked.group) &&
    rule.resources.includes(resource) &&
    rule.verbs.includes(asked.verb) &&
    (rule.resourceNames === undefined || rule.resourceNames.includes(asked.name))
  )
}

function passOn(api: string, incoming: IncomingMessage, response: ServerResponse): void {
  const { method, url, headers } = incoming
  const outgoing = request(new URL(url ?? '/', api), { method, headers }, answer => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  outgoing.on('error', () => response.destroy())
  response.on('close', () => outgoing.destroy())
  incoming.pipe(outgoing)
}
