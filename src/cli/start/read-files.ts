/** Files that `start` takes: a definition, params, a Pod template, the rest of a workspace. */
import { readFile } from 'node:fs/promises'
import { admitManifests } from '../../admission/admit.js'
import { problemText } from '../../resources/problem.js'
import { isRecord } from '../../resources/shape.js'
import type { Param, Pipeline, PodTemplate, Task, WorkspaceBinding } from '../../resources/tekton.js'
import { readYaml } from '../../resources/yaml-source.js'
import { ClientError } from '../client/client.js'
import { paramsOfFile } from './params.js'
import type { AskedWorkspace } from './workspaces.js'

type Stdin = () => Promise<string>

async function read(file: string, stdin: Stdin): Promise<string> {
  if (file === '-') return stdin()
  return readFile(file, 'utf8').catch((cause: Error) => {
    throw new ClientError(0, `${file} cannot be read: ${cause.message}`)
  })
}

async function readValue(file: string, stdin: Stdin): Promise<unknown> {
  const answer = readYaml(await read(file, stdin), 1)
  if (answer.is === 'refused') throw new ClientError(0, `${file}, line ${answer.line}: ${answer.message}`)
  return answer.document.value
}

/** A map of param names to values, in YAML or JSON. @throws ClientError */
export async function readParamsFile(file: string, stdin: Stdin): Promise<readonly Param[]> {
  return paramsOfFile(file, await readValue(file, stdin))
}

export async function readPodTemplate(file: string, stdin: Stdin): Promise<PodTemplate> {
  const value = await readValue(file, stdin)
  if (!isRecord(value)) throw new ClientError(0, `${file} is no Pod template: a map such as nodeSelector: {…}`)
  return value as PodTemplate
}

/** The one Pipeline, or Task, of a file. @throws ClientError with what is wrong with it */
export async function readDefinition(
  file: string,
  kind: 'Pipeline' | 'Task',
  namespace: string,
  stdin: Stdin,
): Promise<Pipeline | Task> {
  const admitted = admitManifests([{ file, text: await read(file, stdin) }], { namespace })
  if (admitted.is === 'refused') throw new ClientError(0, admitted.problems.map(problemText).join('\n'))
  const [only, ...others] = admitted.objects.filter(object => object.kind === kind)
  if (only === undefined || others.length > 0) {
    throw new ClientError(0, `${file} holds ${only === undefined ? 'no' : 'several'} ${kind}s: give a file with one`)
  }
  return only as Pipeline | Task
}

export async function readWorkspace(asked: AskedWorkspace, stdin: Stdin): Promise<WorkspaceBinding> {
  if (asked.is === 'bound') return asked.binding
  const { file, name, subPath, as } = asked
  const value = await readValue(file, stdin)
  const place = { name, ...(subPath && { subPath }) }
  if (as === 'csi' && isRecord(value)) return { ...place, csi: value }
  if (as === 'volumeClaimTemplate' && isRecord(value) && isRecord(value['spec'])) {
    return { ...place, volumeClaimTemplate: value as unknown as NonNullable<WorkspaceBinding['volumeClaimTemplate']> }
  }
  const what = as === 'csi' ? 'a CSI volume source (driver: …)' : 'a claim with its spec (spec: {accessModes: …})'
  throw new ClientError(0, `workspace "${name}": ${file} holds no ${what}`)
}
