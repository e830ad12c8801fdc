/** Workspaces: declared by Tasks and Pipelines, used by steps, bound by runs. */
import { exactlyOne, invalidValue, listed, missing, type Problem, problem } from '../../resources/problem.js'
import type {
  PipelineTask,
  PipelineWorkspaceDeclaration,
  TaskSpec,
  WorkspaceBinding,
  WorkspaceUsage,
} from '../../resources/tekton.js'
import { goQuote } from './quote.js'
import { firstIndexes, repeats } from './repeats.js'

/** A Task's own: unique names, and mount paths that clash neither with each other nor with volume mounts. */
export function validateTaskWorkspaces(spec: TaskSpec, path: string): readonly Problem[] {
  const mounts = [...spec.steps.flatMap(step => step.volumeMounts ?? []), ...(spec.stepTemplate?.volumeMounts ?? [])]
  const paths = new Set(mounts.map(mount => cleanPath(mount.mountPath)))
  const names = new Set<string>()
  const problems: Problem[] = []
  for (const [i, workspace] of (spec.workspaces ?? []).entries()) {
    const place = `${path}.workspaces[${i}]`
    if (names.has(workspace.name)) {
      problems.push(problem(`workspace name ${goQuote(workspace.name)} must be unique`, `${place}.name`))
    }
    const mountPath = cleanPath(workspace.mountPath || `/workspace/${workspace.name}`)
    if (paths.has(mountPath)) {
      problems.push(problem(`workspace mount path ${goQuote(mountPath)} must be unique`, `${place}.mountpath`))
    }
    names.add(workspace.name)
    paths.add(mountPath)
  }
  const usages = (list: string, items: readonly { readonly workspaces?: readonly WorkspaceUsage[] }[]) =>
    items.flatMap((item, i) =>
      (item.workspaces ?? []).flatMap((usage, j) =>
        names.has(usage.name)
          ? []
          : [problem(`undefined workspace ${goQuote(usage.name)}`, `${path}.${list}[${i}].workspaces[${j}].name`)],
      ),
    )
  return [...problems, ...usages('steps', spec.steps), ...usages('sidecars', spec.sidecars ?? [])]
}

/** As Go's filepath.Clean, for absolute paths. */
function cleanPath(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `${path.startsWith('/') ? '/' : ''}${parts.join('/')}` || '.'
}

export function validatePipelineWorkspaces(
  declared: readonly PipelineWorkspaceDeclaration[],
  path: string,
): readonly Problem[] {
  const repeated = repeats(declared.map(workspace => workspace.name))
  return declared.flatMap((workspace, i) => {
    const place = `${path}.workspaces[${i}]`
    // A missing name arrives here as undefined, whatever the type says.
    if (!workspace.name) return [invalidValue(`workspace ${i} has empty name`, place)]
    return repeated[i]
      ? [invalidValue(`workspace with name ${goQuote(workspace.name)} appears more than once`, place)]
      : []
  })
}

/** What pipeline tasks hand on must be declared by the pipeline. `declared` undefined: propagation may still provide it. */
export function validateTaskBindings(
  task: PipelineTask,
  declared: ReadonlySet<string> | undefined,
  path: string,
): readonly Problem[] {
  const seen = new Set<string>()
  return (task.workspaces ?? []).flatMap((binding, i) => {
    const place = `${path}.workspaces[${i}]`
    const problems: Problem[] = []
    if (seen.has(binding.name)) problems.push(problem(`workspace name ${goQuote(binding.name)} must be unique`, place))
    seen.add(binding.name)
    const wanted = binding.workspace || binding.name
    if (declared && !declared.has(wanted)) {
      const message = `pipeline task ${goQuote(task.name)} expects workspace with name ${goQuote(wanted)} but none exists in pipeline spec`
      const known = declared.size > 0 ? `, or use one of ${listed(declared)}` : ''
      problems.push(invalidValue(message, place, undefined, `declare it in spec.workspaces${known}`))
    }
    return problems
  })
}

const LISTED_SOURCES = ['configmap', 'emptydir', 'persistentvolumeclaim', 'secret', 'volumeclaimtemplate']

/** The workspaces of a run: unique names, exactly one source each, and that source complete. */
export function validateBindings(
  bindings: readonly WorkspaceBinding[],
  path: string,
  of: 'TaskRun' | 'PipelineRun',
): readonly Problem[] {
  const first = firstIndexes(bindings.map(binding => binding.name))
  return bindings.flatMap((binding, i) => {
    const place = `${path}.workspaces[${i}]`
    const before = first.get(binding.name) ?? i
    return [
      ...sourceProblems(binding, place),
      ...(before < i ? [duplicateBinding(binding.name, before, i, place, of)] : []),
    ]
  })
}

function duplicateBinding(name: string, before: number, i: number, place: string, of: string): Problem {
  if (of === 'TaskRun') return exactlyOne('both', `${place}.name`)
  const message = `workspace ${goQuote(name)} provided by pipelinerun more than once, at index ${before} and ${i}`
  return problem(message, `${place}.name`)
}

function sourceProblems(binding: WorkspaceBinding, place: string): readonly Problem[] {
  const { emptyDir, persistentVolumeClaim, volumeClaimTemplate, configMap, secret, projected, csi } = binding
  const sources = [emptyDir, persistentVolumeClaim, volumeClaimTemplate, configMap, secret, projected, csi]
  const count = sources.filter(source => source !== undefined).length
  const listed = LISTED_SOURCES.map(name => `${place}.${name}`)
  if (count > 1) return [{ ...exactlyOne('both', listed, 'keep one source'), at: place }]
  if (count === 0) {
    const hint =
      'say what the workspace is: emptyDir: {} for a scratch folder, persistentVolumeClaim for an existing claim'
    return [{ ...exactlyOne('neither', listed, hint), at: place }]
  }
  if (persistentVolumeClaim && !persistentVolumeClaim.claimName) {
    return [missing(`${place}.persistentvolumeclaim.claimname`)]
  }
  if (configMap && !configMap.name) return [missing(`${place}.configmap.name`)]
  if (secret && !secret.secretName) return [missing(`${place}.secret.secretName`)]
  if (projected && !(projected.sources?.length > 0)) return [missing(`${place}.projected.sources`)]
  if (csi && !csi['driver']) return [missing(`${place}.csi.driver`)]
  return []
}
