import type { RunSummary } from '../../../../src/resources/run-summary.js'
import { ownPath, withQuery } from '../../api/paths.js'
import { useGet } from '../../api/use.js'
import type { ApiList } from '../../api/watch.js'
import { type DefinitionKind, WORDS } from './definition-kind.js'

const LIMIT = 20

export interface Of {
  readonly kind: DefinitionKind
  readonly namespace: string
  readonly name: string
}

/** The last runs of one that has not run for long. @param of undefined: nothing is asked */
export function useOwnRuns(of: Of | undefined): readonly RunSummary[] | undefined {
  const query = of && { [WORDS[of.kind].field]: of.name, kind: `${of.kind}Run`, limit: LIMIT }
  return useGet<ApiList<RunSummary>>(of && withQuery(ownPath('runs', of.namespace), query ?? {})).data?.items
}
