import { expect, test } from 'vitest'
import { lastWords, POD_MESSAGE_BYTES } from '../../src/kubelet/termination-share.js'
import type { Pod } from '../../src/resources/core.js'
import { cases } from '../helpers/cases.js'

test.each(
  cases({
    'a few words': { containers: 3, text: 'it ended', kept: 8 },
    'all that a Pod of one may say': { containers: 1, text: 'x'.repeat(POD_MESSAGE_BYTES), kept: POD_MESSAGE_BYTES },
    'one byte more is cut as Kubernetes would cut it': {
      containers: 1,
      text: 'x'.repeat(POD_MESSAGE_BYTES + 1),
      kept: 4096,
    },
    'an equal part of what the Pod has': { containers: 4, text: 'x'.repeat(POD_MESSAGE_BYTES / 4), kept: 2 ** 18 },
    'not more than an equal part': { containers: 4, text: 'x'.repeat(POD_MESSAGE_BYTES / 4 + 1), kept: 4096 },
    'quotes count as what they become in the object': {
      containers: 1,
      text: '"'.repeat(POD_MESSAGE_BYTES / 2 + 1),
      kept: 4096,
    },
    'the end falls between characters': { containers: 1, text: `x${'é'.repeat(POD_MESSAGE_BYTES)}`, kept: 4095 },
  }),
)('last words: %s', (_, { containers, text, kept }) => {
  const words = lastWords(podOf(containers), text)
  expect(Buffer.byteLength(words)).toBe(kept)
  expect(text.startsWith(words)).toBe(true)
})

function podOf(containers: number): Pod {
  const spec = { containers: Array.from({ length: containers }, (_, i) => ({ name: `c${i}`, image: 'any' })) }
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'ci' }, spec } as unknown as Pod
}
