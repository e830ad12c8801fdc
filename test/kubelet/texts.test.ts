import { expect, test } from 'vitest'
import { parseExit, parsePid, parseStat } from '../../src/kubelet/container-record.js'
import { expand } from '../../src/kubelet/expand.js'
import { fieldValue } from '../../src/kubelet/field-ref.js'
import { rewriteWith } from '../../src/kubelet/rewrite.js'
import type { Pod } from '../../src/resources/core.js'

test.each([
  ['$(A)', 'one'],
  ['x$(A)y$(B)', 'xoney'],
  ['$(UNKNOWN) stays', '$(UNKNOWN) stays'],
  ['$$(A)', '$(A)'],
  ['$$$(A)', '$one'],
  ['$A ${A} $(', '$A ${A} $('],
  ['$(toString)', '$(toString)'],
])('expand %j', (text, expected) => {
  expect(expand(text, { A: 'one', B: '' })).toBe(expected)
})

test('a text that opens a million names and closes none costs no more than its length', () => {
  const hostile = `$$${'$('.repeat(1_000_000)}`
  expect(expand(hostile, { A: 'one' })).toBe(hostile.slice(1))
})

const rewrite = rewriteWith([
  { containerPath: '/workspace', hostPath: '/host/w' },
  { containerPath: '/workspace/source/', hostPath: '/host/s' },
  { containerPath: '/tekton/results', hostPath: '/host/$&r' },
])

test.each([
  ['/workspace', '/host/w'],
  ['/workspace/file', '/host/w/file'],
  ['/workspace/source/file', '/host/s/file'],
  ['--out=/tekton/results/x,/workspace', '--out=/host/$&r/x,/host/w'],
  ['cat "/workspace/source"; ls /workspace.', 'cat "/host/s"; ls /host/w.'],
  ['/workspaces', '/workspaces'],
  ['/workspace-2 /workspace.d', '/workspace-2 /workspace.d'],
  ['/home/workspace ./workspace ../workspace', '/home/workspace ./workspace ../workspace'],
  ['https://host/workspace', 'https://host/workspace'],
])('rewrite %j', (text, expected) => {
  expect(rewrite(text)).toBe(expected)
})

test('an exit record is read with its message, whatever the message holds', () => {
  expect(parseExit(Buffer.from('137 9 1767225600000 1767225601999 Error\nlast\nwords\n'))).toEqual({
    kind: 'exited',
    startedAt: '2026-01-01T00:00:00Z',
    finishedAt: '2026-01-01T00:00:01Z',
    exitCode: 137,
    signal: 9,
    reason: 'Error',
    message: 'last\nwords\n',
  })
  expect(parseExit(Buffer.from(''))).toBeUndefined()
})

test('a pid record and a stat line are read', () => {
  expect(parsePid('12 345 678\n')).toEqual({ pid: 12, startTicks: '345', startedAtMs: 678 })
  expect(parsePid('')).toBeUndefined()
  const fields = Array.from({ length: 18 }, (_, index) => index).join(' ')
  expect(parseStat(`12 (a) b () S ${fields} 4711 0`)).toEqual({ state: 'S', startTicks: '4711' })
})

test.each([
  ["metadata.annotations['a.b/c']", 'x"y'],
  ["metadata.annotations['absent']", ''],
  ['metadata.annotations', 'a.b/c="x\\"y"\nz="1"'],
  ['metadata.name', 'p'],
  ['spec.serviceAccountName', 'default'],
  ['status.nonsense', undefined],
])('field %s', (path, expected) => {
  const metadata = {
    namespace: 'ci',
    name: 'p',
    uid: 'u',
    resourceVersion: '1',
    creationTimestamp: '',
    annotations: { z: '1', 'a.b/c': 'x"y' },
  }
  const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { restartPolicy: 'Never', containers: [] } }
  expect(fieldValue(pod, path)).toBe(expected)
})
