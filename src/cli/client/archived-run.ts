/** A client that knows an archived run, too: what belonged to it is got and listed as if it were still there. */
import { matchesLabels, parseLabelSelector } from '../../api/selectors/labels.js'
import type { AnyResource, Kind, Kinds } from '../../resources/kinds.js'
import type { Key } from '../../resources/meta.js'
import type { RunRecord } from '../../resources/run-record.js'
import type { Client, ListQuery } from './client.js'
import { readRunRecord } from './runs-api.js'

/** The client as it is when the run is there, nobody has archived it, or no run is named. */
export async function seeingArchived(client: Client, kind: Kind, name: string | undefined): Promise<Client> {
  const { namespace } = client
  if (name === undefined || (kind !== 'PipelineRun' && kind !== 'TaskRun')) return client
  if ((await client.get(kind, { namespace, name })) !== undefined) return client
  return (await asArchived(client, kind, { namespace, name })) ?? client
}

/** Undefined when it is not archived. @param key with a uid or a name */
export async function asArchived(client: Client, kind: RunKind, { namespace, name }: Key): Promise<Client | undefined> {
  const record = await readRunRecord(client, namespace, name)
  return record?.archived && record.run.kind === kind ? answeringFrom(client, record) : undefined
}

type RunKind = 'PipelineRun' | 'TaskRun'

const RECORDED: readonly Kind[] = ['PipelineRun', 'TaskRun', 'CustomRun']

function answeringFrom(client: Client, record: RunRecord): Client {
  const { run, taskRuns, customRuns, pipelineRuns } = record
  const objects: readonly AnyResource[] = [run, ...taskRuns, ...customRuns, ...pipelineRuns]
  return {
    ...client,
    async get(kind, key) {
      const isIt = ({ metadata }: AnyResource) => metadata.name === key.name && metadata.namespace === key.namespace
      const kept = ofKind(objects, kind).find(isIt)
      return kept ?? client.get(kind, key)
    },
    async list<K extends Kind>(kind: K, query: ListQuery = {}) {
      if (!RECORDED.includes(kind)) return client.list(kind, query)
      const selector = parseLabelSelector(query.labelSelector ?? '')
      return ofKind(objects, kind).filter(({ metadata }) => matchesLabels(selector, metadata.labels))
    },
  }
}

function ofKind<K extends Kind>(objects: readonly AnyResource[], kind: K): readonly Kinds[K][] {
  return objects.filter(object => object.kind === kind) as readonly AnyResource[] as readonly Kinds[K][]
}
