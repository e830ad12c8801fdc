/** The claims that a PipelineRun makes for its workspaces: one for the whole run, and when it goes. */
import { AUTO_CLEANUP_ANNOTATION } from '../../resources/annotations.js'
import type { PersistentVolumeClaim } from '../../resources/core.js'
import type { NewMeta } from '../../resources/meta.js'
import type { PipelineRun, WorkspaceBinding } from '../../resources/tekton.js'
import { keptClaim, runClaimName } from '../../run/pipeline-workspaces.js'
import type { Settings } from '../../run/settings.js'
import type { Action } from '../decision.js'
import { ownerReference } from './children.js'

/** The claims of `volumeClaimTemplate`: one for the whole run, gone with it. */
export function createClaims(run: PipelineRun, bindings: readonly WorkspaceBinding[]): readonly Action[] {
  return bindings.flatMap((binding): readonly Action[] => {
    const template = binding.volumeClaimTemplate
    if (template === undefined || keptClaim(run, binding) !== undefined) return []
    const { labels, annotations } = template.metadata ?? {}
    const object: Omit<PersistentVolumeClaim, 'metadata' | 'status'> & { readonly metadata: NewMeta } = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        name: runClaimName(run, binding),
        namespace: run.metadata.namespace,
        ...(labels && { labels }),
        ...(annotations && { annotations }),
        ownerReferences: [ownerReference(run)],
      },
      spec: template.spec,
    }
    return [{ do: 'create', kind: 'PersistentVolumeClaim', object }]
  })
}

/** Of a run that is done, where it or the installation wants that. Claims that the run was given are never deleted. */
export function discardClaims(run: PipelineRun, { flags }: Settings): readonly Action[] {
  const isWanted = run.metadata.annotations?.[AUTO_CLEANUP_ANNOTATION] === 'true'
  if (!isWanted && flags.coschedule !== 'pipelineruns' && flags.coschedule !== 'isolate-pipelinerun') return []
  return (run.spec.workspaces ?? []).flatMap((binding): readonly Action[] => {
    if (binding.volumeClaimTemplate === undefined) return []
    const key = { namespace: run.metadata.namespace, name: runClaimName(run, binding) }
    return [{ do: 'discard', kind: 'PersistentVolumeClaim', key, owner: run.metadata.uid }]
  })
}
