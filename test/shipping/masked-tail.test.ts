/** The end of a log that git hosts are shown: without secrets, or not at all. */
import { expect, test } from 'vitest'
import type { Cluster } from '../../src/cluster/cluster.js'
import type { TaskRun } from '../../src/resources/tekton.js'
import { maskedTail } from '../../src/shipping/masked-tail.js'

const RUN = { metadata: { namespace: 'default', name: 'r' }, status: { podName: 'r-pod' } } as unknown as TaskRun
const POD = {
  metadata: { namespace: 'default', name: 'r-pod', uid: 'u' },
  spec: { containers: [{ name: 'step-s', envFrom: [{ secretRef: { name: 'login' } }] }] },
}
const SECRET = { data: { password: Buffer.from('correct-horse').toString('base64') } }
const SAID = 'try correct-horse\nand Y29ycmVjdC1ob3JzZQ==\n'

function tailWith(objects: Readonly<Record<string, unknown>>, said = SAID) {
  const get = async (kind: string) => {
    const found = objects[kind]
    if (found instanceof Error) throw found
    return found
  }
  return maskedTail({ cluster: { get } as unknown as Pick<Cluster, 'get'>, logTail: async () => said })
}

test.each([
  ['is masked', { Pod: POD, Secret: SECRET }, 'try ***\nand ***\n'],
  ['is as it is where the Secret is gone', { Pod: POD }, SAID],
  ['is not shown where the Secret cannot be read', { Pod: POD, Secret: new Error('forbidden') }, ''],
  ['is not there without its Pod', { Secret: SECRET }, ''],
])('it %s', async (_, objects, expected) => {
  expect(await tailWith(objects)(RUN, 'step-s', 1_000)).toBe(expected)
})

test('a step that never had a Pod has none', async () => {
  const waiting = { metadata: RUN.metadata } as unknown as TaskRun
  expect(await tailWith({ Pod: POD, Secret: SECRET })(waiting, 'step-s', 1_000)).toBe('')
})
