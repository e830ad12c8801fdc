import { expect, test } from 'vitest'
import type { WorkspaceBinding, WorkspaceDeclaration } from '../../src/resources/tekton.js'
import {
  bindWorkspaces,
  isolatedWorkspaces,
  usageReplacements,
  withPropagated,
  workspaceMounts,
  workspaceProblem,
  workspaceReplacements,
} from '../../src/run/workspaces.js'
import { cases } from '../helpers/cases.js'

const emptyDir = {}

test('volume names are Tekton’s, and stable', () => {
  const { volumes } = bindWorkspaces([{ name: 'custom' }], [{ name: 'custom', emptyDir }], 'uid')
  expect(volumes).toEqual([{ name: 'ws-20573', emptyDir: {} }])
})

test('two workspaces on one claim share a volume, other sources never do', () => {
  const claim = { persistentVolumeClaim: { claimName: 'c' } }
  const bindings = [
    { name: 'a', ...claim },
    { name: 'b', ...claim, subPath: 'x' },
    { name: 'c', emptyDir },
    { name: 'd', emptyDir },
  ]
  const { bound, volumes } = bindWorkspaces(bindings, bindings, 'uid')
  expect(volumes.length).toBe(3)
  expect(bound[0]?.volume).toBe(bound[1]?.volume)
  expect(bound.map(({ claim }) => claim)).toEqual(['c', 'c', '', ''])
  expect(bound[1]).toMatchObject({ subPath: 'x', mountPath: '/workspace/b', readOnly: false })
})

test.each(
  cases<{
    readonly declared: readonly WorkspaceDeclaration[]
    readonly bindings: readonly WorkspaceBinding[]
    readonly problem?: string
  }>({
    'all bound': { declared: [{ name: 'a' }], bindings: [{ name: 'a', emptyDir }] },
    'optional and unbound': { declared: [{ name: 'a', optional: true }], bindings: [] },
    'required and unbound': {
      declared: [{ name: 'a' }],
      bindings: [],
      problem: 'declared workspace "a" is required but has not been bound',
    },
    'bound and not declared': {
      declared: [],
      bindings: [{ name: 'z', emptyDir }],
      problem: 'workspace binding "z" does not match any declared workspace',
    },
    'one claim twice': {
      declared: [{ name: 'a' }, { name: 'b' }],
      bindings: [
        { name: 'a', persistentVolumeClaim: { claimName: 'c' } },
        { name: 'b', persistentVolumeClaim: { claimName: 'c' } },
      ],
    },
    'two claims': {
      declared: [{ name: 'a' }, { name: 'b' }],
      bindings: [
        { name: 'a', persistentVolumeClaim: { claimName: 'c' } },
        { name: 'b', volumeClaimTemplate: { spec: {} } },
      ],
      problem: 'more than one PersistentVolumeClaim is bound',
    },
  }),
)('bindings: %s', (_, { declared, bindings, problem }) => {
  expect(workspaceProblem(declared, bindings, 'workspaces')).toBe(problem)
})

test('an inline task gets the bindings it does not declare, after its own', () => {
  const bindings = [
    { name: 'a', emptyDir },
    { name: 'b', emptyDir },
  ]
  expect(withPropagated([{ name: 'b', readOnly: true }], bindings)).toEqual([
    { name: 'b', readOnly: true },
    { name: 'a' },
  ])
})

test('variables of bound, of optional unbound and of moved workspaces', () => {
  const declared = [
    { name: 'a', mountPath: '/a' },
    { name: 'no', optional: true },
  ]
  const bound = bindWorkspaces(declared, [{ name: 'a', volumeClaimTemplate: { spec: {} } }], 'uid')
  const { strings } = workspaceReplacements(declared, bound)
  expect(strings.get('workspaces.a.path')).toBe('/a')
  expect(strings.get('workspaces.a.claim')).toMatch(/^pvc-[0-9a-f]{10}$/)
  expect(strings.get('workspaces.a.volume')).toMatch(/^ws-[0-9a-f]{5}$/)
  expect(['bound', 'path', 'claim', 'volume'].map(one => strings.get(`workspaces.no.${one}`))).toEqual([
    'false',
    '',
    '',
    '',
  ])
  const moved = usageReplacements([{ name: 'a', mountPath: '/moved' }, { name: 'b' }]).strings
  expect([...moved]).toEqual([['workspaces.a.path', '/moved']])
})

test('an isolated workspace is seen by those only that list it', () => {
  const bound = bindWorkspaces([{ name: 'a', readOnly: true }], [{ name: 'a', emptyDir }], 'uid')
  const isolated = isolatedWorkspaces([{}, { workspaces: [{ name: 'a', mountPath: '/here' }] }])
  expect(workspaceMounts(bound, isolated, undefined)).toEqual([])
  const name = bound.bound[0]?.volume
  expect(workspaceMounts(bound, isolated, [{ name: 'a', mountPath: '/here' }])).toEqual([
    { name, mountPath: '/here', readOnly: true },
  ])
  expect(workspaceMounts(bound, new Set(), undefined)).toEqual([{ name, mountPath: '/workspace/a', readOnly: true }])
})
