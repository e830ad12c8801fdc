import { expect, test } from 'vitest'
import { age, humanDuration } from '../../../src/api/tables/age.js'
import { parseJsonPath } from '../../../src/api/tables/json-path.js'
import { columnsOf, tableOf } from '../../../src/api/tables/table.js'
import { BUILT_IN_KINDS, type KindEntry } from '../../../src/resources/kind-table.js'
import type { Kind } from '../../../src/resources/kinds.js'
import type { Resource } from '../../../src/resources/meta.js'
import { cases } from '../../helpers/cases.js'

const NOW = Date.parse('2026-01-01T00:00:00Z')
const metadata = { name: 'x', namespace: 'ns', creationTimestamp: '2025-12-31T23:59:15Z' }

/** What `kubectl get -o wide` prints: the heads and the cells of one object. */
function printed(info: KindEntry, object: object): Readonly<Record<string, unknown>> {
  const columns = columnsOf(info, info.version)
  const options = { metaVersion: 'v1', metadata: {}, withHeaders: true, behind: () => undefined, now: NOW }
  const { rows } = tableOf(columns, [{ metadata, ...object } as unknown as Resource], options)
  return Object.fromEntries(rows[0]!.cells.map((cell, index) => [columns[index]!.name, cell]))
}

const of = (kind: Kind) => BUILT_IN_KINDS.of(kind)!

test.each([
  [-3_000, '<invalid>'],
  [-1_000, '0s'],
  [0, '0s'],
  [119_000, '119s'],
  [120_000, '2m'],
  [200_000, '3m20s'],
  [10 * 60_000, '10m'],
  [179 * 60_000, '179m'],
  [3 * 3_600_000, '3h'],
  [5 * 3_600_000 + 60_000, '5h1m'],
  [8 * 3_600_000 + 60_000, '8h'],
  [47 * 3_600_000, '47h'],
  [48 * 3_600_000, '2d'],
  [76 * 3_600_000, '3d4h'],
  [12 * 86_400_000, '12d'],
  [730 * 86_400_000, '2y'],
  [760 * 86_400_000, '2y30d'],
  [9 * 365 * 86_400_000, '9y'],
])('%d ms are %s', (ms, text) => {
  expect(humanDuration(ms)).toBe(text)
})

test('no time is unknown, and what is no time is invalid', () => {
  expect([age('', NOW), age(undefined, NOW), age('soon', NOW)]).toEqual(['<unknown>', '<unknown>', '<invalid>'])
})

const container = (name: string, state: object, more: object = {}) => ({ name, state, ready: false, ...more })
const running = (name: string, more = {}) => container(name, { running: {} }, { ready: true, ...more })
const ended = (name: string, reason: string, exitCode = 0) => container(name, { terminated: { reason, exitCode } })
const pod = (phase: string, containerStatuses: object[], more: Record<string, unknown> = {}) => ({
  ...more,
  spec: { containers: [{ name: 'a' }, { name: 'b' }], ...(more['spec'] as object) },
  status: { phase, containerStatuses, ...(more['status'] as object) },
})

test.each(
  cases<{ pod: object; shows: object }>({
    'new': { pod: pod('Pending', []), shows: { Ready: '0/2', Status: 'Pending', Restarts: '0', Age: '45s' } },
    waiting: {
      pod: pod('Pending', [container('a', { waiting: { reason: 'ContainerCreating' } }), container('b', {})]),
      shows: { Status: 'ContainerCreating' },
    },
    running: { pod: pod('Running', [running('a'), running('b')]), shows: { Ready: '2/2', Status: 'Running' } },
    done: {
      pod: pod('Succeeded', [ended('a', 'Completed'), ended('b', 'Completed')]),
      shows: { Ready: '0/2', Status: 'Completed' },
    },
    'done but for one': {
      pod: pod('Running', [ended('a', 'Completed'), running('b')], {
        status: { conditions: [{ type: 'Ready', status: 'False' }] },
      }),
      shows: { Ready: '1/2', Status: 'NotReady' },
    },
    failed: { pod: pod('Failed', [ended('a', 'Error', 1), ended('b', 'Completed')]), shows: { Status: 'Error' } },
    'ended without a reason': {
      pod: pod('Failed', [container('a', { terminated: { exitCode: 3 } })]),
      shows: { Status: 'ExitCode:3' },
    },
    'ended by a signal': {
      pod: pod('Failed', [container('a', { terminated: { exitCode: 137, signal: 9 } })]),
      shows: { Status: 'Signal:9' },
    },
    evicted: { pod: pod('Failed', [], { status: { reason: 'Evicted' } }), shows: { Status: 'Evicted' } },
    'starting again and again': {
      pod: pod('Running', [
        container(
          'a',
          { waiting: { reason: 'CrashLoopBackOff' } },
          { restartCount: 4, lastState: { terminated: { finishedAt: '2025-12-31T23:58:00Z' } } },
        ),
        running('b'),
      ]),
      shows: { Ready: '1/2', Status: 'CrashLoopBackOff', Restarts: '4 (2m ago)' },
    },
    going: {
      pod: { ...pod('Running', [running('a'), running('b')]), metadata: { ...metadata, deletionTimestamp: 'x' } },
      shows: { Status: 'Terminating' },
    },
    'gone while done': {
      pod: { ...pod('Succeeded', [ended('a', 'Completed')]), metadata: { ...metadata, deletionTimestamp: 'x' } },
      shows: { Status: 'Completed' },
    },
    'in its first init container': {
      pod: pod('Pending', [], {
        spec: { initContainers: [{ name: 'i' }, { name: 'j' }] },
        status: { initContainerStatuses: [container('i', { running: {} }), container('j', { waiting: {} })] },
      }),
      shows: { Ready: '0/2', Status: 'Init:0/2' },
    },
    'with an init container that failed': {
      pod: pod('Pending', [], {
        spec: { initContainers: [{ name: 'i' }] },
        status: { initContainerStatuses: [ended('i', 'Error', 1)] },
      }),
      shows: { Status: 'Init:Error' },
    },
    'with an init container that cannot start': {
      pod: pod('Pending', [], {
        spec: { initContainers: [{ name: 'i' }] },
        status: { initContainerStatuses: [container('i', { waiting: { reason: 'ErrImagePull' } })] },
      }),
      shows: { Status: 'Init:ErrImagePull' },
    },
    'with a sidecar': {
      pod: pod('Running', [running('a'), running('b')], {
        spec: { initContainers: [{ name: 's', restartPolicy: 'Always' }] },
        status: { initContainerStatuses: [running('s', { started: true })] },
      }),
      shows: { Ready: '3/3', Status: 'Running' },
    },
    wide: {
      pod: pod('Running', [], {
        spec: { nodeName: 'n', readinessGates: [{ conditionType: 'g' }, { conditionType: 'h' }] },
        status: { podIPs: [{ ip: '10.0.0.1' }], conditions: [{ type: 'g', status: 'True' }] },
      }),
      shows: { IP: '10.0.0.1', Node: 'n', 'Nominated Node': '<none>', 'Readiness Gates': '1/2' },
    },
  }),
)('a Pod that is %s is shown as on a cluster', (_, one) => {
  expect(printed(of('Pod'), one.pod)).toMatchObject(one.shows)
})

const widgets = {
  ...of('Task'),
  group: 'example.com',
  version: 'v1',
  definition: {
    spec: {
      versions: [
        {
          name: 'v1',
          additionalPrinterColumns: [
            { name: 'Text', type: 'string', jsonPath: '.spec.text' },
            { name: 'List', type: 'string', jsonPath: '.spec.list' },
            { name: 'Count', type: 'integer', jsonPath: '.spec.count' },
            { name: 'Wrong', type: 'integer', jsonPath: '.spec.text' },
            { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status', priority: 1 },
            { name: 'Since', type: 'date', jsonPath: '.status.since' },
            { name: 'Missing', type: 'string', jsonPath: '.status.nothing' },
          ],
        },
        { name: 'v2' },
      ],
    },
  },
} as unknown as KindEntry

test.each<[kind: Kind | KindEntry, object: object, shows: object]>([
  ['ConfigMap', { data: { a: '' }, binaryData: { b: '' } }, { Name: 'x', Data: '2', Age: '45s' }],
  ['Secret', { data: { a: '' } }, { Name: 'x', Type: 'Opaque', Data: '1', Age: '45s' }],
  ['ServiceAccount', { secrets: [{}] }, { Name: 'x', Secrets: '1', Age: '45s' }],
  ['Namespace', {}, { Name: 'x', Status: 'Active', Age: '45s' }],
  ['Role', {}, { Name: 'x', 'Created At': '2025-12-31T23:59:15Z' }],
  [
    'RoleBinding',
    { roleRef: { kind: 'Role', name: 'r' }, subjects: [{ kind: 'User', name: 'u' }] },
    { Role: 'Role/r', Users: 'u', Groups: '' },
  ],
  ['CustomResourceDefinition', {}, { Name: 'x', 'Created At': '2025-12-31T23:59:15Z' }],
  [
    'PersistentVolumeClaim',
    {
      spec: { volumeName: 'v', storageClassName: 'fast' },
      status: { phase: 'Bound', capacity: { storage: '1Gi' }, accessModes: ['ReadOnlyMany', 'ReadWriteOnce'] },
    },
    { Status: 'Bound', Volume: 'v', Capacity: '1Gi', 'Access Modes': 'RWO,ROX', StorageClass: 'fast' },
  ],
  [
    'Event',
    {
      type: 'Normal',
      reason: 'Started',
      message: ' it did\n',
      count: 3,
      involvedObject: { kind: 'PipelineRun', name: 'r' },
      source: { component: 'engine' },
      firstTimestamp: '2025-12-31T23:00:00Z',
      lastTimestamp: '2025-12-31T23:59:00Z',
    },
    { 'Last Seen': '60s', Object: 'pipelinerun/r', Message: 'it did', 'First Seen': '60m', Count: 3, Source: 'engine' },
  ],
  [
    'Deployment',
    { spec: { replicas: 3 }, status: { readyReplicas: 1 } },
    { Ready: '1/3', 'Up-to-date': 0, Available: 0 },
  ],
  [
    'Job',
    { spec: { completions: 2 }, status: { succeeded: 1, startTime: '2025-12-31T23:59:50Z' } },
    { Status: 'Running', Completions: '1/2', Duration: '10s' },
  ],
  [
    'Service',
    { spec: { clusterIP: '10.0.0.1', ports: [{ port: 80 }, { port: 53, protocol: 'UDP' }] } },
    { Type: 'ClusterIP', 'External-IP': '<none>', 'Port(s)': '80/TCP,53/UDP' },
  ],
  [
    'PipelineRun',
    {
      status: {
        conditions: [{ type: 'Succeeded', status: 'True', reason: 'Completed' }],
        startTime: '2025-12-31T23:58:00Z',
        completionTime: '2025-12-31T23:59:00Z',
      },
    },
    { Name: 'x', Succeeded: 'True', Reason: 'Completed', StartTime: '2m', CompletionTime: '60s' },
  ],
  ['TaskRun', {}, { Name: 'x', Succeeded: null, Reason: null, StartTime: null, CompletionTime: null }],
  ['Task', {}, { Name: 'x', Age: '45s' }],
  [
    'EventListener',
    { status: { address: { url: 'http://h' } } },
    { Address: 'http://h', Available: null, Ready: null },
  ],
  [
    'Schedule',
    { spec: { schedules: ['0 1 * * *', '0 2 * * *'] } },
    { Schedule: '0 1 * * *, 0 2 * * *', Timezone: 'UTC', Suspend: 'False', 'Last Schedule': '<none>' },
  ],
  [
    widgets,
    {
      spec: { text: 't', list: ['a', 1], count: 3.7 },
      status: {
        since: '2025-12-31T23:00:00Z',
        conditions: [
          { type: 'Other', status: 'x' },
          { type: 'Ready', status: 'True' },
        ],
      },
    },
    { Name: 'x', Text: 't', List: '["a",1]', Count: 3, Wrong: null, Ready: 'True', Since: '60m', Missing: null },
  ],
  [{ ...widgets, version: 'v2' }, {}, { Name: 'x', Age: '45s' }],
])('%j is shown in the columns it has on a cluster', (kind, object, shows) => {
  expect(printed(typeof kind === 'string' ? of(kind) : kind, object)).toMatchObject(shows)
})

test('every kind has a table that shows anything, also what is no such object at all', () => {
  for (const info of BUILT_IN_KINDS.all) {
    for (const object of [
      {},
      { spec: null, status: 'x', data: [] },
      { spec: { containers: 'x' }, status: { conditions: {} } },
    ]) {
      expect(Object.keys(printed(info, object))).toContain('Name')
    }
  }
})

test.each<[path: string, found: unknown[]]>([
  ['.a.b', [1]],
  ['{.a.b}', [1]],
  ["['a']['b']", [1]],
  ['.list[0].n', [1]],
  ['.list[-1].n', [3]],
  ['.list[*].n', [1, 2, 3]],
  ['.list[?(@.n>1)].t', ['b', 'c']],
  ['.list[?(@.t=="b")].n', [2]],
  ["{.list[?(@.t=='c')].n}", [3]],
  ['.list[?(@.t)].n', [1, 2, 3]],
  ['.list[?(@.t!="b")].n', [1, 3]],
  ['.dotted\\.name/x', ['y']],
  ["['dotted.name/x']", ['y']],
  ['.a.missing', []],
  ['.toString', []],
  ['.a[0]', []],
  ['.nothing', []],
])('the path %s leads to %j', (path, found) => {
  const list = [
    { n: 1, t: 'a' },
    { n: 2, t: 'b' },
    { n: 3, t: 'c' },
  ]
  expect(parseJsonPath(path)?.({ a: { b: 1 }, list, 'dotted.name/x': 'y', nothing: null })).toEqual(found)
})

test('a path that is longer than any column has is none', () => {
  expect(parseJsonPath(`.list[?(@.a == b${' '.repeat(20_000)}c)]`)).toBeUndefined()
})

test.each(['.a[', '.a[?(', '.a[b]', 'a b', '.list[?(1==1)]'])('%j is no path', path => {
  expect(parseJsonPath(path)).toBeUndefined()
})
