/** From where a Pod gets the entrypoint: a binary of one architecture from the ConfigMap, or a copy out of our image. */
import { allows, type NodeChoice, type NodeFacts, nodesFor } from './node-choice.js'

export const ARCHITECTURE_LABEL = 'kubernetes.io/arch'
export const OS_LABEL = 'kubernetes.io/os'

/** Of nodes that Tektite is built for, as Kubernetes calls them. */
export const ARCHITECTURES = ['amd64', 'arm64']

/** What an installation has. */
export interface EntrypointOffer {
  /** Those that there is a binary for, as Kubernetes calls them. */
  readonly architectures: readonly string[]
  /** Where nothing is known of the nodes. */
  readonly defaultArchitecture: string
  /** Holds the entrypoint of every architecture that it runs on. */
  readonly image?: string | undefined
  /** False where all Pods run on this machine, whatever they select. */
  readonly hasNodes: boolean
}

export type EntrypointPlace =
  | {
      readonly is: 'configMap'
      readonly architecture: string
      /** What the Pod has to say so that it gets no other node: one that joins later may be of another architecture. */
      readonly nodeSelector: Readonly<Record<string, string>>
    }
  | { readonly is: 'image'; readonly image: string }
  /** What the author, or who installed us, has to change. */
  | { readonly is: 'wrong'; readonly message: string }

/** @param nodes those of the cluster; undefined when they cannot be read */
export function entrypointPlace(
  choice: NodeChoice,
  nodes: readonly NodeFacts[] | undefined,
  offer: EntrypointOffer,
): EntrypointPlace {
  const { defaultArchitecture, image } = offer
  if (!offer.hasNodes) return { is: 'configMap', architecture: defaultArchitecture, nodeSelector: {} }
  if (!allows(choice, { [OS_LABEL]: 'linux' })) return { is: 'wrong', message: NO_LINUX }
  const landing = landingOf(choice, nodes, offer)
  const isSure = landing.architectures.length === 1 || landing.nothingKnown
  if (!isSure && image) return { is: 'image', image }
  const wanted = landing.architectures.length > 0 ? landing.architectures : [defaultArchitecture]
  const architecture = wanted.find(one => offer.architectures.includes(one))
  if (architecture === undefined) {
    return image ? { is: 'image', image } : { is: 'wrong', message: notOffered(wanted, offer) }
  }
  const selector = landing.hasLabels ? { [ARCHITECTURE_LABEL]: architecture, ...linuxOf(nodes) } : {}
  return { is: 'configMap', architecture, nodeSelector: selector }
}

const NO_LINUX = `steps run on Linux nodes only, and the podTemplate's nodeSelector or affinity asks for another "${OS_LABEL}": there is no entrypoint for Windows`

function notOffered(wanted: readonly string[], { architectures }: EntrypointOffer): string {
  return `the Pod can only run on nodes of architecture ${wanted.join(', ')}, and this installation has the entrypoint for ${architectures.join(', ')}: change the podTemplate's nodeSelector, or have the workers started with an --entrypoint-image that has it`
}

interface Landing {
  /** The one that most nodes have comes first. None: no node there is would take the Pod, so one is to come. */
  readonly architectures: readonly string[]
  /** Neither the Pod nor any node says anything. */
  readonly nothingKnown: boolean
  /** Every kubelet labels its node; what only plays a node may not, and a selector would keep the Pod off it. */
  readonly hasLabels: boolean
}

function landingOf(
  choice: NodeChoice,
  nodes: readonly NodeFacts[] | undefined,
  { architectures, defaultArchitecture }: EntrypointOffer,
): Landing {
  const own = choice.nodeSelector?.[ARCHITECTURE_LABEL]
  const known = new Set([...architectures, ...(nodes ?? []).flatMap(architectureOf), ...(own ? [own] : [])])
  const allowed = [...known].filter(one => allows(choice, { [ARCHITECTURE_LABEL]: one }))
  // Where the Pod's own words leave one, no node has to be there yet.
  if (allowed.length === 1 && known.size > 1) return { architectures: allowed, nothingKnown: false, hasLabels: true }
  const landing = nodesFor(choice, nodes ?? []).filter(({ labels }) => labels[OS_LABEL] !== 'windows')
  const counts = new Map<string, number>()
  for (const one of landing.flatMap(architectureOf)) counts.set(one, (counts.get(one) ?? 0) + 1)
  const weight = (one: string) => (counts.get(one) ?? 0) + (one === defaultArchitecture ? 0.5 : 0)
  const hasLabels = landing.every(node => architectureOf(node).length > 0)
  return {
    architectures: [...counts.keys()].sort((a, b) => weight(b) - weight(a) || (a < b ? -1 : 1)),
    nothingKnown: (nodes ?? []).length === 0 || !hasLabels,
    hasLabels,
  }
}

function architectureOf({ labels }: NodeFacts): readonly string[] {
  const architecture = labels[ARCHITECTURE_LABEL]
  return architecture === undefined ? [] : [architecture]
}

/** Where there are Windows nodes, nothing else keeps the Pod away from them. */
function linuxOf(nodes: readonly NodeFacts[] | undefined): Readonly<Record<string, string>> {
  return nodes?.some(({ labels }) => labels[OS_LABEL] === 'windows') ? { [OS_LABEL]: 'linux' } : {}
}
