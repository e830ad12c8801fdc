/** Our definitions as an API server would have them that knows none of our kinds. */
import { admit } from '../../src/admission/admit.js'
import { crdFiles } from '../../src/crds/files.js'
import type { CustomResourceDefinition } from '../../src/resources/custom-resources.js'
import { settleDefinitions } from '../../src/resources/definition-status.js'
import { type KindEntry, kindTable } from '../../src/resources/kind-table.js'
import { parseManifests } from '../../src/resources/parse.js'
import { problemText } from '../../src/resources/problem.js'

/** Built-in kinds stand before definitions of theirs, and `tektite.dev` is taken: each group is known under another name. */
export function elsewhere(text: string): string {
  return text.replaceAll(/\b(tekton|tektite)\.dev\b/g, '$1.example.com')
}

/** File name to what is in the file. */
export const WRITTEN: ReadonlyMap<string, CustomResourceDefinition> = new Map(
  [...crdFiles()].map(([name, text]) => [name, valuesIn(text)[0] as CustomResourceDefinition]),
)

/** The kinds that our definitions make, by their own names: `Task.tekton.dev`. */
export const DEFINED: ReadonlyMap<string, KindEntry> = definedElsewhere()

function definedElsewhere(): ReadonlyMap<string, KindEntry> {
  const admitted = [...crdFiles()].map(([name, text]) => {
    const admission = admit(valuesIn(elsewhere(text))[0])
    if (admission.is === 'refused') throw new Error(`${name}: ${admission.problems.map(problemText).join('\n')}`)
    return admission.object as unknown as CustomResourceDefinition
  })
  const { all } = kindTable(settleDefinitions(admitted, ''))
  return new Map(
    all
      .filter(({ definition }) => definition !== undefined)
      .map(entry => [`${entry.kind}.${entry.group.replace('.example.com', '.dev')}`, entry]),
  )
}

export function valuesIn(text: string): readonly unknown[] {
  const parsed = parseManifests(text, 'test.yaml')
  if (parsed.is === 'refused') throw new Error(parsed.problems.map(problemText).join('\n'))
  return parsed.objects.map(({ value }) => value)
}
