import { expect, test } from 'vitest'
import { ARCHITECTURE_LABEL, type EntrypointOffer, entrypointPlace, OS_LABEL } from '../../src/pod/entrypoint-place.js'
import type { NodeChoice, NodeFacts } from '../../src/pod/node-choice.js'
import { yamlCases } from '../helpers/yaml.js'

type Labels = Readonly<Record<string, string>>

interface Case {
  readonly nodes?: Readonly<Record<string, Labels>>
  readonly choice?: NodeChoice
  readonly offer?: Partial<EntrypointOffer>
  /** `image`, or the architecture and the selector that goes with it. */
  readonly expect?: 'image' | Readonly<Record<string, Labels>>
  readonly wrong?: string
}

const OFFER: EntrypointOffer = {
  architectures: ['amd64', 'arm64'],
  defaultArchitecture: 'amd64',
  image: 'registry.example/entrypoint:1',
  hasNodes: true,
}

test.each(yamlCases<Case>(new URL('entrypoint-place.cases.yaml', import.meta.url)))('%s', (_, one) => {
  const nodes = one.nodes && Object.entries(one.nodes).map(([name, labels]) => node(name, labels))
  const place = entrypointPlace(one.choice ?? {}, nodes, { ...OFFER, ...one.offer })
  if (one.wrong !== undefined) {
    expect(place).toEqual({ is: 'wrong', message: expect.stringContaining(one.wrong) })
  } else if (one.expect === 'image') {
    expect(place).toEqual({ is: 'image', image: OFFER.image })
  } else {
    const [[architecture, labels] = ['', {}]] = Object.entries(one.expect ?? {})
    expect(place).toEqual({ is: 'configMap', architecture, nodeSelector: spelledOut(labels) })
  }
})

function node(name: string, { taint, ...labels }: Labels): NodeFacts {
  const [, key = '', value = '', effect = ''] = /^(.*)=(.*):(.*)$/.exec(taint ?? '') ?? []
  return { name, labels: spelledOut(labels), taints: taint ? [{ key, value, effect }] : [] }
}

function spelledOut(labels: Labels): Labels {
  const full: Labels = { arch: ARCHITECTURE_LABEL, os: OS_LABEL }
  return Object.fromEntries(Object.entries(labels).map(([key, value]) => [full[key] ?? key, value]))
}
