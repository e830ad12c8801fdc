/** What is true of every golden Pod: what a real kubelet, an API server and a restricted namespace ask of it. */
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Container, Pod, PodSpec } from '../../src/resources/core.js'
import { kubernetesSchemaProblems } from '../helpers/kubernetes-schema.js'
import { podProblems } from '../helpers/pod-rules.js'
import { containerProblems, restrictedProblems } from '../helpers/pod-security-standard.js'
import { yaml } from '../helpers/yaml.js'

const folder = new URL('pod/', import.meta.url)
const goldens = readdirSync(folder)
  .filter(file => file.endsWith('.out.yaml'))
  .map(file => {
    const made = yaml<readonly Pod[]>(readFileSync(new URL(file, folder), 'utf8'))
    return [file.replace('.out.yaml', ''), made.find(({ kind }) => kind === 'Pod')!] as const
  })
const specs = new Map<string, PodSpec>(goldens.map(([name, { spec }]) => [name, spec]))

test.each(goldens)('%s is a Pod that an API server takes', (_, pod) => {
  expect([...kubernetesSchemaProblems(pod), ...podProblems(pod)]).toEqual([])
})

test('no Pod has init containers, but native sidecars and the copy on mixed clusters', () => {
  const inits = [...specs].flatMap(([name, { initContainers = [] }]) =>
    initContainers.map(one => `${name}: ${one.name}${one.restartPolicy === 'Always' ? ', a sidecar' : ''}`),
  )
  expect(inits).toEqual([
    'mixed-architectures: prepare',
    'native-sidecars: sidecar-s, a sidecar',
    'restricted-namespace: prepare',
  ])
})

test.each(goldens)(
  '%s: scripts are projected, and the entrypoint comes from the ConfigMap that all share',
  (_, { spec, metadata }) => {
    for (const { command = [], args = [], volumeMounts = [] } of spec.containers) {
      const script = [...command, ...args].find(word => word.startsWith('/tekton/scripts/'))
      if (script === undefined) continue
      const mount = volumeMounts.find(({ mountPath }) => mountPath === '/tekton/scripts')
      const volume = spec.volumes?.find(({ name }) => name === mount?.name)
      expect(volume?.downwardAPI ?? volume?.configMap).toMatchObject({ defaultMode: 0o555 })
      if (volume?.downwardAPI) expect(metadata.annotations).toHaveProperty([`tektite.dev/${script.split('/').at(-1)}`])
    }
    const bin = spec.volumes?.find(({ name }) => name === 'tekton-internal-bin')
    const copied = spec.initContainers?.some(({ name }) => name === 'prepare')
    expect(bin).toEqual(
      copied
        ? { name: 'tekton-internal-bin', emptyDir: {} }
        : {
            name: 'tekton-internal-bin',
            configMap: {
              name: expect.stringMatching(/^tektite-entrypoint-/),
              defaultMode: 0o555,
              items: [{ key: expect.stringMatching(/^entrypoint-(amd64|arm64)$/), path: 'entrypoint' }],
            },
          },
    )
  },
)

test.each(goldens)('%s: what we add needs no right, and asks for none', (_, { spec }) => {
  const ours = spec.initContainers?.filter(({ name }) => name === 'prepare') ?? []
  expect(ours.flatMap(one => containerProblems(one, spec.securityContext ?? {}))).toEqual([])
  // Volumes of ours, wherever they come from.
  const internal = spec.volumes?.filter(({ name }) => name.startsWith('tekton-')) ?? []
  expect(internal.length).toBeGreaterThanOrEqual(7)
  expect(restrictedProblems({ restartPolicy: 'Never', containers: [], volumes: internal })).toEqual([])
  // A step whose author says nothing of rights gets none from us, and loses none.
  for (const { name, securityContext } of [...(spec.initContainers ?? []), ...spec.containers]) {
    expect(securityContext?.privileged, name).not.toBe(true)
  }
})

test.each(['restricted-namespace', 'non-root'])('%s keeps to the restricted profile', name => {
  expect(restrictedProblems(specs.get(name)!)).toEqual([])
})

test('every step can write where it has to, whoever it is', () => {
  for (const [name, { containers, volumes = [] }] of specs) {
    const writable = new Set(volumes.flatMap(({ name: volume, emptyDir }) => (emptyDir ? [volume] : [])))
    const steps = containers.filter(({ name: container }) => container.startsWith('step-'))
    for (const [index, step] of steps.entries()) {
      for (const folder of [`/tekton/run/${index}`, `/tekton/steps/${step.name}`]) {
        const mount = mountAt(step, folder)
        expect(mount, `${name}: ${step.name}: ${folder}`).toMatchObject({ subPath: folder.split('/').at(-1) })
        expect(mount?.readOnly ?? false).toBe(false)
        // The kubelet makes a missing subPath with the mode of its volume, which is 0777 of an emptyDir.
        expect(writable.has(mount?.name ?? '')).toBe(true)
      }
    }
  }
})

function mountAt({ volumeMounts = [] }: Container, path: string) {
  return volumeMounts.find(({ mountPath }) => mountPath === path)
}
