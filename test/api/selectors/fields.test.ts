import { expect, test } from 'vitest'
import { parseFieldSelector } from '../../../src/api/selectors/fields.js'
import { isSelected, selectionOf } from '../../../src/api/selectors/selection.js'
import { BUILT_IN_KINDS, type KindEntry } from '../../../src/resources/kind-table.js'
import type { Kind } from '../../../src/resources/kinds.js'
import type { Resource } from '../../../src/resources/meta.js'

function select(info: KindEntry, fieldSelector: string, object: object): boolean {
  const query = new URLSearchParams({ fieldSelector })
  const selection = selectionOf({ info, version: info.version, namespace: '', query })
  return isSelected(selection, { metadata: { name: 'x', namespace: 'ns' }, ...object } as Resource)
}

const of = (kind: Kind) => BUILT_IN_KINDS.of(kind)!
const widgets = {
  ...of('Task'),
  id: 'Widget.example.com',
  kind: 'Widget',
  group: 'example.com',
  definition: {
    spec: { versions: [{ name: 'v1', selectableFields: [{ jsonPath: '.spec.color' }, { jsonPath: '.spec.size' }] }] },
  },
} as unknown as KindEntry

test.each<[kind: Kind | KindEntry, selector: string, object: object, selected: boolean]>([
  ['ConfigMap', 'metadata.name=x', {}, true],
  ['ConfigMap', 'metadata.name==x,metadata.namespace=ns', {}, true],
  ['ConfigMap', 'metadata.name!=x', {}, false],
  ['ConfigMap', ',metadata.name=x,', {}, true],
  ['Pod', 'status.phase=Running', { status: { phase: 'Running' } }, true],
  ['Pod', 'status.phase!=Running', { status: { phase: 'Running' } }, false],
  ['Pod', 'status.phase=Pending', {}, true],
  ['Pod', 'spec.nodeName=', {}, true],
  ['Pod', 'spec.nodeName=', { spec: { nodeName: 'a' } }, false],
  ['Pod', 'spec.restartPolicy=Always', { spec: {} }, true],
  ['Pod', 'spec.hostNetwork=true', { spec: { hostNetwork: true } }, true],
  ['Event', 'involvedObject.kind=Pod,involvedObject.name=p', { involvedObject: { kind: 'Pod', name: 'p' } }, true],
  ['Event', 'source=kubelet', { source: { component: 'kubelet' } }, true],
  ['Event', 'source=engine', { reportingComponent: 'engine' }, true],
  ['Event', 'reason=a\\,b\\=c\\\\', { reason: 'a,b=c\\' }, true],
  ['Secret', 'type=Opaque', {}, true],
  ['Secret', 'type=kubernetes.io/basic-auth', { type: 'kubernetes.io/basic-auth' }, true],
  ['Namespace', 'status.phase=Active', {}, true],
  ['Job', 'status.successful=1', { status: { succeeded: 1 } }, true],
  ['ReplicaSet', 'status.replicas=0', {}, true],
  ['PipelineRun', 'metadata.name=x', {}, true],
  [widgets, 'spec.color=blue', { spec: { color: 'blue' } }, true],
  [widgets, 'spec.color=blue', { spec: { color: 'red' } }, false],
  [widgets, 'spec.size=3', { spec: { size: 3 } }, true],
])('%j selects by %j', (kind, selector, object, selected) => {
  expect(select(typeof kind === 'string' ? of(kind) : kind, selector, object)).toBe(selected)
})

test.each<[kind: Kind | KindEntry, selector: string, message: string]>([
  ['ConfigMap', 'data.a=b', '"data.a" is not a known field selector: only "metadata.name", "metadata.namespace"'],
  ['Pod', 'spec.containers=b', 'field label not supported: spec.containers'],
  ['Namespace', 'metadata.namespace=b', 'field label not supported: metadata.namespace'],
  ['TaskRun', 'status.phase=b', 'field label not supported: status.phase'],
  ['ClusterTriggerBinding', 'metadata.namespace=b', 'field label not supported: metadata.namespace'],
  [widgets, 'spec.shape=b', 'field label not supported: spec.shape'],
  ['Pod', 'toString=b', 'field label not supported: toString'],
  ['Pod', 'metadata.name', "invalid selector: 'metadata.name'; can't understand 'metadata.name'"],
  ['Pod', 'metadata.name=a=b', 'invalid field selector: unescaped character in value: 61'],
  ['Pod', 'metadata.name=a\\b', 'invalid field selector: invalid escape sequence: \\b'],
  ['Pod', 'metadata.name=a\\', 'invalid field selector: invalid escape sequence: \\'],
])('%j refuses %j in Kubernetes’ words', (kind, selector, message) => {
  expect(() => select(typeof kind === 'string' ? of(kind) : kind, selector, {})).toThrow(
    expect.objectContaining({ code: 400, message }),
  )
})

test('a name that is asked for is known, so that nothing else need be looked at', () => {
  const query = new URLSearchParams({ fieldSelector: 'metadata.name=a,metadata.namespace=b' })
  const info = of('Pod')
  expect(selectionOf({ info, version: 'v1', namespace: '', query })).toMatchObject({ name: 'a', namespace: 'b' })
  expect(parseFieldSelector('')).toEqual([])
})
