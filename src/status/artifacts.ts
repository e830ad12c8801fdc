/** Artifacts: what a step or task read and made, as it wrote it into its provenance file. As pkg/apis/pipeline/v1/artifact_types.go. */
import { asRecord, isRecord } from '../resources/shape.js'
import type { Artifact, Artifacts, ArtifactValue } from '../resources/tekton.js'
import type { ENTRY_TYPE, TerminationEntry } from './termination-message.js'

/** What a step said of itself (`stepArtifacts`) or of its task (`taskArtifacts`); none when it is no such JSON. */
export function artifactsOf(
  entries: readonly TerminationEntry[],
  type: typeof ENTRY_TYPE.stepArtifacts | typeof ENTRY_TYPE.taskArtifacts,
): Artifacts {
  const text = entries.find(entry => entry.type === type)?.value
  if (text === undefined) return {}
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return {} // As Tekton: a file that is no JSON tells of no artifact.
  }
  const { inputs, outputs } = asRecord(parsed)
  const known = { inputs: toArtifacts(inputs), outputs: toArtifacts(outputs) }
  return withoutEmpty(known)
}

/** Values of one name are put together, each once. What one calls a build output is one. */
export function mergeArtifacts(all: readonly Artifacts[]): Artifacts {
  // As Tekton: an input is no build output, whatever was written.
  const inputs = merged(all.flatMap(one => one.inputs ?? [])).map(({ buildOutput: _, ...input }) => input)
  return withoutEmpty({ inputs, outputs: merged(all.flatMap(one => one.outputs ?? [])) })
}

/** As Go writes it: digest before uri, algorithms sorted, and what means something in HTML escaped. */
export function artifactValuesJson({ values }: Artifact): string {
  if (values === undefined) return 'null'
  const written = values.map(({ digest = {}, uri }) => {
    const algorithms = Object.keys(digest).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    // An object would put keys that look like numbers first.
    const pairs = algorithms.map(key => `${JSON.stringify(key)}:${JSON.stringify(digest[key])}`)
    const fields = [
      ...(pairs.length > 0 ? [`"digest":{${pairs.join(',')}}`] : []),
      ...(uri ? [`"uri":${JSON.stringify(uri)}`] : []),
    ]
    return `{${fields.join(',')}}`
  })
  return `[${written.join(',')}]`.replace(/[<>&]/g, character => `\\u00${character.charCodeAt(0).toString(16)}`)
}

function merged(artifacts: readonly Artifact[]): readonly Artifact[] {
  const byName = new Map<string, { values: Map<string, ArtifactValue>; buildOutput: boolean }>()
  for (const { name = '', values = [], buildOutput = false } of artifacts) {
    const before = byName.get(name) ?? { values: new Map(), buildOutput: false }
    for (const value of values) before.values.set(artifactValuesJson({ values: [value] }), value)
    byName.set(name, { values: before.values, buildOutput: before.buildOutput || buildOutput })
  }
  return [...byName].map(([name, { values, buildOutput }]) => ({
    ...(name !== '' && { name }),
    ...(values.size > 0 && { values: [...values.values()] }),
    ...(buildOutput && { buildOutput }),
  }))
}

function withoutEmpty({ inputs = [], outputs = [] }: Artifacts): Artifacts {
  return { ...(inputs.length > 0 && { inputs }), ...(outputs.length > 0 && { outputs }) }
}

function toArtifacts(value: unknown): readonly Artifact[] {
  return list(value).map(({ name, values, buildOutput }) => ({
    ...(typeof name === 'string' && name !== '' && { name }),
    ...(Array.isArray(values) && { values: list(values).map(toValue) }),
    ...(buildOutput === true && { buildOutput }),
  }))
}

function toValue({ digest, uri }: Readonly<Record<string, unknown>>): ArtifactValue {
  const texts = isRecord(digest) ? Object.entries(digest).filter(([, text]) => typeof text === 'string') : []
  return {
    ...(texts.length > 0 && { digest: Object.fromEntries(texts) as Readonly<Record<string, string>> }),
    ...(typeof uri === 'string' && uri !== '' && { uri }),
  }
}

function list(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}
