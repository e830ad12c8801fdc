/**
 * Tells the git host of one target what is true of it now: works out the report, asks whether the token may go there, sends
 * it once, and labels the run when there is no more to tell.
 */
import type { Cluster } from '../cluster/cluster.js'
import type { BuildPlace, BuildReport, ReportOutcome, Sent } from '../git-host/build-report.js'
import type { Log } from '../lib/log.js'
import type { Run } from './asked.js'
import { type DueRun, isOver } from './due-runs.js'
import { lookUpFindings, type StepLogTail } from './findings.js'
import { type PlaceOrProblem, placeOf } from './place.js'
import { NO_FINDINGS, reportOf } from './report.js'
import type { LabelValue } from './report-label.js'

export interface TellDeps {
  readonly cluster: Pick<Cluster, 'get'>
  readonly send: (place: BuildPlace, report: BuildReport, before: Sent, signal: AbortSignal) => Promise<ReportOutcome>
  readonly tailOf: StepLogTail
  /** An Event on the run. */
  readonly warn: (run: Run, reason: string, message: string) => void
  /** Where people look at a run, with placeholders; '' for nowhere. */
  readonly runUrl: string
  readonly now: () => number
  readonly log: Log
  /** Nothing more is to be told of it. */
  readonly settle: (due: DueRun, value: LabelValue) => Promise<void>
  readonly signal: AbortSignal
}

export type Told =
  /** The host knows what is true now, or does not want to. */
  | { readonly is: 'told' }
  | { readonly is: 'later'; readonly due: DueRun; readonly outcome: Extract<ReportOutcome, { readonly is: 'later' }> }

/** Runs of one target, the oldest first; at least one. @throws when the store is away. */
export async function tell(deps: TellDeps, runs: readonly DueRun[]): Promise<Told> {
  const { now, warn, settle, runUrl } = deps
  const due = runs.at(-1)
  if (due === undefined) return { is: 'told' }
  for (const older of runs.slice(0, -1)) await supersede(deps, older, due)
  const { run, asked, isGone } = due
  const isLast = isOver(due)
  if (isLast) due.findings ??= await lookUpFindings(deps.cluster, deps.tailOf, run, asked)
  const report = reportOf(run, asked, { findings: due.findings ?? NO_FINDINGS, runUrl, isGone })
  const words = JSON.stringify(report)
  if (words !== due.told) {
    const where = await placeFor(deps, due)
    const outcome: ReportOutcome =
      where.is === 'place' ? await send(deps, where.place, report, due) : { is: 'refused', message: where.message }
    if (outcome.is === 'later') return { is: 'later', due, outcome }
    due.told = words
    due.toldAt = now()
    if (outcome.is === 'taken') {
      due.checkId = outcome.checkId ?? due.checkId
      const { kind, metadata } = run
      const fields = {
        run: `${kind}/${metadata.namespace}/${metadata.name}`,
        state: report.state,
        context: report.context,
      }
      deps.log.info('a git host was told', fields)
    } else {
      warn(run, 'GitStatusNotSent', outcome.message)
      if (isLast) await settle(due, 'refused')
      return { is: 'told' }
    }
  }
  if (isLast) await settle(due, 'sent')
  return { is: 'told' }
}

async function placeFor({ cluster }: TellDeps, { run, asked }: DueRun): Promise<PlaceOrProblem> {
  const { namespace } = run.metadata
  return placeOf(asked, await cluster.get('Secret', { namespace, name: asked.secret }), namespace)
}

/** A token that may write no check runs writes statuses: the same news, on one line. */
async function send(deps: TellDeps, place: BuildPlace, report: BuildReport, due: DueRun): Promise<ReportOutcome> {
  const asStatus: BuildPlace = { ...place, kind: 'github' }
  if (due.isStatusOnly) return deps.send(asStatus, report, {}, deps.signal)
  const outcome = await deps.send(place, report, sentBefore(due), deps.signal)
  // It may have been made, and the answer lost.
  if (outcome.is === 'later') due.mayHaveCheck = true
  if (outcome.is !== 'no checks') return outcome
  due.isStatusOnly = true
  const instead = await deps.send(asStatus, report, {}, deps.signal)
  if (instead.is === 'taken') {
    const message = `${outcome.message}. A commit status was sent instead: check runs need the token of a GitHub App; write "github" in tektite.dev/git-status to ask for statuses`
    deps.warn(due.run, 'GitStatusInsteadOfCheck', message)
  }
  return instead
}

function sentBefore({ checkId, mayHaveCheck }: DueRun): Sent {
  return { mayHaveCheck, ...(checkId !== undefined && { checkId }) }
}

async function supersede(deps: TellDeps, older: DueRun, newer: DueRun): Promise<void> {
  const mayHaveCheck = older.checkId !== undefined || older.mayHaveCheck
  if (older.asked.kind === 'github-check' && mayHaveCheck) await endCheck(deps, older, newer)
  await deps.settle(older, 'superseded')
}

/** The check run of a run that will say no more must not stand there as running for ever. Tried once. */
async function endCheck(deps: TellDeps, older: DueRun, newer: DueRun): Promise<void> {
  const { run, asked, isGone } = older
  const where = await placeFor(deps, older)
  if (where.is === 'problem') return
  const now = reportOf(run, asked, { findings: NO_FINDINGS, runUrl: deps.runUrl, isGone })
  const description = `Superseded by ${newer.run.metadata.name}`
  const report: BuildReport = { ...now, state: 'cancelled', description, summary: description }
  await deps.send(where.place, report, { ...sentBefore(older), onlyExisting: true }, deps.signal)
}
