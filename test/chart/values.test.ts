/** What may be given to the chart: wrong values are named, and every value is explained where it stands. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cases } from '../helpers/cases.js'
import { CHART, program } from '../helpers/helm.js'
import { yaml } from '../helpers/yaml.js'

interface Wrong {
  readonly set: string
  /** Each is in what helm says. */
  readonly says: readonly string[]
}

const WRONG: Readonly<Record<string, Wrong>> = {
  'a value that there is not': { set: 'workers.replicaz=2', says: ["at '/workers'", "'replicaz' not allowed"] },
  'a section that there is not': { set: 'worker.replicas=2', says: ["additional properties 'worker' not allowed"] },
  'a text for a number': { set: 'workers.concurrency=many', says: ["'/workers/concurrency'", 'want integer'] },
  'too large a number': { set: 'workers.concurrency=20000', says: ["'/workers/concurrency'", '10,000'] },
  'a number below what makes sense': { set: 'listeners.replicas=0', says: ["'/listeners/replicas'", 'minimum'] },
  'one of others': { set: 'logLevel=loud', says: ["'/logLevel'", "'debug', 'info', 'warn', 'error', 'silent'"] },
  'an architecture without an entrypoint': {
    set: 'workers.nodeArchitecture=riscv64',
    says: ["'/workers/nodeArchitecture'", "'amd64', 'arm64'"],
  },
  'another scaler': { set: 'workers.autoscaling.type=vpa', says: ["'/workers/autoscaling/type'", "'keda', 'hpa'"] },
  'an fsync that Redis lacks': { set: 'redis.appendfsync=no', says: ["'/redis/appendfsync'", "'always', 'everysec'"] },
  'a text for a switch': { set: 'crds.install=maybe', says: ["'/crds/install'", 'want boolean'] },
  'a password in a URL': {
    set: 'redis.external.url=redis://user:secret@redis:6379',
    says: ["'/redis/external/url'", 'does not match pattern'],
  },
  'credentials in the address of the log store': {
    set: 'logs.store=s3://key:secret@bucket',
    says: ["'/logs/store'", 'does not match pattern'],
  },
  'two places for logs': {
    set: 'logs.store=s3://bucket,logs.persistentVolumeClaim=logs',
    says: ['logs.store and logs.persistentVolumeClaim are both set'],
  },
  'logs that may not be read': {
    set: 'logs.store=s3://bucket,rbac.podLogs=false',
    says: ['logs are to be kept and rbac.podLogs is false'],
  },
  'credentials for no log store': {
    set: 'logs.existingSecret=log-store',
    says: ['logs.existingSecret or logs.caSecret is set and logs.store is not'],
  },
  'a namespace in capitals': { set: 'systemNamespace=Tekton', says: ["'/systemNamespace'", 'does not match pattern'] },
  'a public address without a scheme': { set: 'listeners.publicUrl=ci.example.com', says: ["'/listeners/publicUrl'"] },
  'a Pod Security level that there is not': {
    set: 'namespaces[0].name=ci,namespaces[0].podSecurity=strict',
    says: ["'/namespaces/0/podSecurity'", "'privileged', 'baseline', 'restricted'"],
  },
  'a right without verbs': {
    set: 'rbac.extraListenerRules[0].apiGroups[0]=,rbac.extraListenerRules[0].resources[0]=configmaps',
    says: ["'/rbac/extraListenerRules/0'", "missing property 'verbs'"],
  },
  'a digest that is none': { set: 'image.digest=latest', says: ["'/image/digest'"] },
  'a memory that is none': { set: 'redis.maxMemory=lots', says: ["'/redis/maxMemory'"] },
  'a setting that is no text': {
    set: 'config.defaults.default-timeout-minutes=30',
    says: ["'/config/defaults/default-timeout-minutes'", 'want string'],
  },
  'no workers': {
    set: 'workers.replicas=0',
    says: ['workers.replicas is 0', 'only workers see new runs', 'kubectl scale'],
  },
  'workers that scale to zero': {
    set: 'workers.autoscaling.enabled=true,workers.autoscaling.minReplicas=0',
    says: ['workers.autoscaling.minReplicas is 0', 'only workers see new runs'],
  },
  'more at least than at most': {
    set: 'workers.autoscaling.minReplicas=20',
    says: ['minReplicas is 20, and maxReplicas is 10'],
  },
  'no Redis at all': { set: 'redis.install=false', says: ['redis.external.url is needed', 'rediss://'] },
  'two ways in': {
    set: 'listeners.ingress.enabled=true,listeners.ingress.host=a,listeners.route.enabled=true,listeners.route.parentRefs[0].name=b',
    says: ['listeners.ingress.enabled and listeners.route.enabled are both true'],
  },
  'an Ingress for nobody': { set: 'listeners.ingress.enabled=true', says: ['listeners.ingress.host is needed'] },
  'a route to nowhere': { set: 'listeners.route.enabled=true', says: ['listeners.route.parentRefs is needed'] },
  'a webhook of one namespace': {
    set: 'namespaced=true,admissionWebhook.enabled=true',
    says: ['admissionWebhook.enabled and namespaced are both true'],
  },
  'namespaces from one namespace': {
    set: 'namespaced=true,namespaces[0].name=ci',
    says: ['namespaces is set and namespaced is true'],
  },
  'settings elsewhere from one namespace': {
    set: 'namespaced=true,systemNamespace=tekton-pipelines',
    says: ['systemNamespace is "tekton-pipelines" and namespaced is true'],
  },
  'a certificate without its authority': {
    set: 'admissionWebhook.enabled=true,admissionWebhook.existingSecret=mine',
    says: ['admissionWebhook.caBundle is needed'],
  },
}

test.each(cases(WRONG))('%s is refused, and named', (_, { set, says }) => {
  const { code, stderr } = program('helm', ['template', 'tektite', CHART, '--set', set])
  expect(code).toBe(1)
  for (const each of says) expect(stderr).toContain(each)
})

const values = yaml<Section>(readFileSync(join(CHART, 'values.yaml'), 'utf8'))
const schema = yaml<SectionSchema>(readFileSync(join(CHART, 'values.schema.json'), 'utf8'))

test('the schema knows the values of values.yaml and no others, to the last level', () => {
  expect(pathsIn(schema)).toEqual([...pathsOf(values), 'global'].sort())
})

test('every value says in values.yaml what it is for, and the schema says the same', () => {
  const said = comments(readFileSync(join(CHART, 'values.yaml'), 'utf8'))
  const described = new Map(pathsIn(schema).map(path => [path, descriptionAt(path)]))
  described.delete('global')
  expect(described.size).toBeGreaterThan(80)
  for (const [path, description] of described) expect([path, said.get(path)]).toEqual([path, description])
})

type Section = { readonly [name: string]: unknown }
interface SectionSchema {
  readonly description?: string
  readonly additionalProperties?: unknown
  readonly properties?: Readonly<Record<string, SectionSchema>>
}

/** Sections have their values; what takes any names, or holds nothing yet, is one value. */
function pathsOf(section: Section, before = ''): readonly string[] {
  return Object.entries(section).flatMap(([name, value]) => {
    const isSection = typeof value === 'object' && value !== null && !Array.isArray(value)
    const path = before + name
    return isSection && schemaAt(path)?.properties !== undefined ? pathsOf(value as Section, `${path}.`) : [path]
  })
}

function pathsIn({ properties = {} }: SectionSchema, before = ''): readonly string[] {
  return Object.entries(properties)
    .flatMap(([name, each]) => (each.properties ? pathsIn(each, `${before}${name}.`) : [before + name]))
    .sort()
}

function schemaAt(path: string): SectionSchema | undefined {
  return path.split('.').reduce<SectionSchema | undefined>((each, name) => each?.properties?.[name], schema)
}

function descriptionAt(path: string): string | undefined {
  return schemaAt(path)?.description
}

/** Path to the comment above it: `# -- …` and the lines that go on. */
function comments(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const open: { readonly depth: number; readonly name: string }[] = []
  let comment: string | undefined
  for (const line of text.split('\n')) {
    const [, said] = /^ *# (.*)$/.exec(line) ?? []
    if (said !== undefined) {
      if (said.startsWith('-- ')) comment = said.slice(3)
      else if (comment !== undefined) comment += ` ${said}`
      continue
    }
    const [, indent, name] = /^( *)(\w+):/.exec(line) ?? []
    if (indent === undefined || name === undefined) continue
    while (open.length > 0 && open.at(-1)!.depth >= indent.length) open.pop()
    open.push({ depth: indent.length, name })
    if (comment !== undefined) found.set(open.map(each => each.name).join('.'), comment)
    comment = undefined
  }
  return found
}
