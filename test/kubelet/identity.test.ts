import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openHostPath } from '../../src/kubelet/host-path.js'
import { identityOf } from '../../src/kubelet/identity.js'
import type { Pod, SecurityContext } from '../../src/resources/core.js'
import { cases } from '../helpers/cases.js'

interface Case {
  readonly image?: string
  readonly own?: SecurityContext
  readonly pod?: SecurityContext
  readonly is: ReturnType<typeof identityOf>
}

const WHERE = '(pod: "p_ci(u)", container: step)'

test.each(
  cases<Case>({
    'nobody asks': { is: {} },
    'the container wins over its pod': {
      own: { runAsUser: 1 },
      pod: { runAsUser: 2, runAsGroup: 3 },
      is: { runAsUser: 1, runAsGroup: 3 },
    },
    'groups of the pod': { pod: { fsGroup: 5, supplementalGroups: [6, 7] }, is: { groups: [5, 6, 7] } },
    'not root, and not root': { own: { runAsUser: 9 }, pod: { runAsNonRoot: true }, is: { runAsUser: 9 } },
    'not root, yet root': {
      own: { runAsNonRoot: true },
      pod: { runAsUser: 0 },
      is: `container's runAsUser breaks non-root policy ${WHERE}`,
    },
    'not root, and the image is root’s': {
      image: 'ubuntu:24.04',
      pod: { runAsNonRoot: true },
      is: `container has runAsNonRoot and image will run as root ${WHERE}`,
    },
    'the container may be root again': {
      image: 'ubuntu',
      own: { runAsNonRoot: false },
      pod: { runAsNonRoot: true },
      is: {},
    },
    'an image whose user nobody knows': { pod: { runAsNonRoot: true }, is: { runAsUser: 65532 } },
  }),
)('identity: %s', (_, { image = 'example.com/tool', own, pod: shared, is }) => {
  const metadata = { namespace: 'ci', name: 'p', uid: 'u', resourceVersion: '1', creationTimestamp: '' }
  const container = { name: 'step', image, ...(own && { securityContext: own }) }
  const spec = { restartPolicy: 'Never', containers: [container], ...(shared && { securityContext: shared }) } as const
  const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec }
  expect(identityOf(pod, container)).toEqual(is)
})

describe('hostPath', () => {
  let root: string
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'tektite-host-path-'))
  })
  afterAll(() => rmSync(root, { recursive: true }))

  test('each type is checked, and made where it may be', () => {
    const at = (name: string, type?: string) => openHostPath({ path: join(root, name), ...(type ? { type } : {}) })
    expect(at('none')).toBe(`hostPath type check failed: ${root}/none is not there`)
    expect(at('none', 'Directory')).toBe(`hostPath type check failed: ${root}/none is not a directory`)
    expect(at('deep/folder', 'DirectoryOrCreate')).toBeUndefined()
    expect(at('deep/folder')).toBeUndefined()
    expect(at('deep/folder', 'File')).toBe(`hostPath type check failed: ${root}/deep/folder is not a file`)
    expect(at('other/file', 'FileOrCreate')).toBeUndefined()
    expect(at('other/file', 'FileOrCreate')).toBeUndefined()
    expect(at('other/file', 'Socket')).toBe(`hostPath type check failed: ${root}/other/file is not a socket file`)
    expect(at('other/file/below', 'DirectoryOrCreate')).toContain(
      `hostPath "${root}/other/file/below" could not be opened`,
    )
    expect(openHostPath({ path: '/dev/null', type: 'CharDevice' })).toBeUndefined()
    expect(at('none', 'Odd')).toContain('hostPath type "Odd" is unknown')
    expect(at('deep', 'Odd')).toContain('hostPath type "Odd" is unknown')
    expect(openHostPath({ path: 'relative' })).toContain('must be absolute')
    expect(openHostPath({ path: '/a/../b' })).toContain('must be absolute')
  })
})
