/** The definitions as the chart has them: a file each. */
import { toYaml } from '../resources/parse.js'
import { definedKinds, definitionOf } from './crd.js'
import { kubernetesWords } from './kubernetes-words.js'

/** File name to content. */
export function crdFiles(): ReadonlyMap<string, string> {
  return new Map(
    definedKinds().map(entry => {
      const definition = definitionOf(entry, kubernetesWords)
      return [`${definition.metadata.name}.yaml`, `${HEAD}${toYaml(definition)}`]
    }),
  )
}

const HEAD = '# Made by `npm run crds` of the kinds in src/resources. Do not edit.\n'
