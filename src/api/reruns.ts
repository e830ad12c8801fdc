/** `runs/UID/rerun` of `tektite.dev/v1alpha1`: the same run once more, all of it or from what failed. */
import { type AdmitOptions, admitWith } from '../admission/admit.js'
import { type Cluster, isClusterError } from '../cluster/cluster.js'
import type { PersistentVolumeClaim } from '../resources/core.js'
import type { OwnerReference } from '../resources/meta.js'
import { problemsText } from '../resources/problem.js'
import { asRecord } from '../resources/shape.js'
import type { PipelineRun, TaskRun } from '../resources/tekton.js'
import { claimsOf, type RerunOptions, rerunOf, rerunProblem } from '../run/rerun.js'
import type { OwnHandler, OwnRequest, OwnResource } from './own-resources.js'
import type { FindRun } from './run-objects.js'
import { ApiError } from './status.js'

export const RERUN_RESOURCES: readonly OwnResource[] = [
  { name: 'runs/rerun', singularName: '', kind: 'PipelineRun', verbs: ['create'] },
]

export interface RerunDeps {
  readonly cluster: Cluster
  readonly admission: () => AdmitOptions
  readonly findRun: FindRun
}

export function rerunsHandler(deps: RerunDeps): OwnHandler {
  return async request => {
    const { resource, namespace, name, subresource, method, path } = request
    if (resource !== 'runs' || name === undefined || subresource !== 'rerun') return undefined
    if (method !== 'POST') {
      throw new ApiError(405, 'MethodNotAllowed', `${method} of ${path} is not supported: POST asks for a rerun`)
    }
    const found = await deps.findRun(namespace, name)
    if (found === undefined) {
      throw new ApiError(
        404,
        'NotFound',
        `run "${name}" not found in namespace "${namespace}": give a uid, as metadata.uid says it`,
      )
    }
    return { code: 201, body: await rerun(deps, found.run, await optionsOf(request)) }
  }
}

async function optionsOf({ readJson }: OwnRequest): Promise<RerunOptions> {
  const { fromFailed = false, ...rest } = asRecord(await readJson())
  if (typeof fromFailed !== 'boolean') {
    throw new ApiError(400, 'BadRequest', `fromFailed is ${JSON.stringify(fromFailed)}; it must be true or false`)
  }
  const [unknown] = Object.keys(rest)
  if (unknown === undefined) return { fromFailed }
  throw new ApiError(
    400,
    'BadRequest',
    `unknown field "${unknown}": a rerun is asked for with { "fromFailed": true } or {}`,
  )
}

async function rerun(
  { cluster, admission }: RerunDeps,
  run: PipelineRun | TaskRun,
  asked: RerunOptions,
): Promise<PipelineRun | TaskRun> {
  const problem = rerunProblem(run, asked)
  if (problem !== undefined) throw new ApiError(409, 'Conflict', problem)
  const { namespace } = run.metadata
  const found = asked.fromFailed
    ? await Promise.all(claimsOf(run).map(name => cluster.get('PersistentVolumeClaim', { namespace, name })))
    : []
  const claims = found.filter(
    claim => claim !== undefined && claim.metadata.deletionTimestamp === undefined,
  ) as PersistentVolumeClaim[]
  const wanted = rerunOf(run, { ...asked, claims: new Set(claims.map(claim => claim.metadata.name)) })
  const admitted = admitWith(admission(), wanted)
  if (admitted.is === 'refused') throw new ApiError(422, 'Invalid', problemsText(admitted.problems))
  const made = (await cluster.create(run.kind, wanted as never)) as PipelineRun | TaskRun
  for (const claim of claims) await share(cluster, claim, made)
  return made
}

/** Or it would go with the earlier run, while this one works with it. */
async function share(
  cluster: Cluster,
  claim: PersistentVolumeClaim,
  { apiVersion, kind, metadata }: PipelineRun | TaskRun,
) {
  const owner: OwnerReference = { apiVersion, kind, name: metadata.name, uid: metadata.uid }
  for (;;) {
    const { name, namespace } = claim.metadata
    const stored = await cluster.get('PersistentVolumeClaim', { namespace, name })
    if (stored?.metadata.uid !== claim.metadata.uid) return
    const ownerReferences = [...(stored.metadata.ownerReferences ?? []), owner]
    try {
      await cluster.replace('PersistentVolumeClaim', { ...stored, metadata: { ...stored.metadata, ownerReferences } })
      return
    } catch (error) {
      if (!isClusterError(error, 'Conflict')) throw error
    }
  }
}
