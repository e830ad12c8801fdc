/** What a list or a watch is asked with besides selectors, held to the rules of the API server. Pure. */
import { badRequest, invalidOptions, notSupported, type OptionProblem } from '../status.js'

export interface ListOptions {
  readonly watch: boolean
  /** '' when none is given; '0' for any. */
  readonly resourceVersion: string
  readonly resourceVersionMatch: '' | 'Exact' | 'NotOlderThan'
  readonly allowWatchBookmarks: boolean
  /** Undefined when it is not said: then they come where no version to start behind is given. */
  readonly sendInitialEvents: boolean | undefined
  /** 0 when none is given. */
  readonly timeoutSeconds: number
  /** 0 when none is given. */
  readonly limit: number
  readonly continue: string
}

/** @throws ApiError 400, 422 */
export function listOptionsOf(query: URLSearchParams): ListOptions {
  const match = query.get('resourceVersionMatch') ?? ''
  const options = {
    watch: flag(query, 'watch') ?? false,
    resourceVersion: query.get('resourceVersion') ?? '',
    resourceVersionMatch: match as ListOptions['resourceVersionMatch'],
    allowWatchBookmarks: flag(query, 'allowWatchBookmarks') ?? false,
    sendInitialEvents: flag(query, 'sendInitialEvents'),
    timeoutSeconds: wholeNumber(query, 'timeoutSeconds'),
    limit: wholeNumber(query, 'limit'),
    continue: query.get('continue') ?? '',
  }
  const problems = options.watch ? watchProblems(options) : listProblems(options)
  if (problems.length > 0) throw invalidOptions('ListOptions', problems)
  checkVersion(options.resourceVersion)
  return options
}

/** @throws ApiError 400 */
export function checkVersion(text: string): void {
  if (/^\d{0,20}$/.test(text)) return
  const shown = JSON.stringify(text.slice(0, 100))
  const why = `strconv.ParseUint: parsing ${shown}: invalid syntax`
  throw badRequest(`invalid resource version: resourceVersion: Invalid value: ${shown}: ${why}`)
}

function listProblems({
  resourceVersion,
  resourceVersionMatch: match,
  sendInitialEvents,
  continue: token,
}: ListOptions) {
  const problems: OptionProblem[] = []
  if (match !== '') {
    if (resourceVersion === '') {
      problems.push(
        forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'),
      )
    }
    if (token !== '') problems.push(MATCH_WITH_CONTINUE)
    if (match !== 'Exact' && match !== 'NotOlderThan')
      problems.push(notSupported('resourceVersionMatch', JSON.stringify(match), ['Exact', 'NotOlderThan', '']))
    if (match === 'Exact' && resourceVersion === '0') {
      problems.push(
        forbidden('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'),
      )
    }
  }
  if (sendInitialEvents !== undefined) {
    problems.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
  }
  return problems
}

function watchProblems({ resourceVersionMatch: match, sendInitialEvents, continue: token }: ListOptions) {
  const problems: OptionProblem[] = []
  if (sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    problems.push(
      forbidden('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'),
    )
  }
  if (match === '') return problems
  if (sendInitialEvents === undefined) {
    const why = 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'
    problems.push(forbidden('resourceVersionMatch', why))
  }
  if (match !== 'NotOlderThan')
    problems.push(notSupported('resourceVersionMatch', JSON.stringify(match), ['NotOlderThan']))
  if (token !== '') problems.push(MATCH_WITH_CONTINUE)
  return problems
}

function forbidden(field: string, why: string): OptionProblem {
  return { field, type: 'FieldValueForbidden', message: `Forbidden: ${why}` }
}

const MATCH_WITH_CONTINUE = forbidden(
  'resourceVersionMatch',
  'resourceVersionMatch is forbidden when continue is provided',
)

/** As the API server reads them: everything but `0` and `false` is yes. */
function flag(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name)
  return text === null ? undefined : text !== '0' && text.toLowerCase() !== 'false'
}

function wholeNumber(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? ''
  if (text === '') return 0
  if (/^[+-]?\d{1,15}$/.test(text)) return Number(text)
  throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text.slice(0, 100))}: invalid syntax`)
}
