import { readYaml } from '../../src/resources/yaml-source.js'

/** The value of a YAML text that is known to be good. */
export function parse11(text: string): unknown {
  const answer = readYaml(text, 1)
  if (answer.is === 'refused') throw new Error(answer.message)
  return answer.document.value
}
