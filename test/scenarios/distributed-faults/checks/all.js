/** The invariants of the distributed engine, each a function from records to violations in plain words. */
import { inOrder, noDoubleRun, noLoss, onePodPerAttempt } from './runs.js'
import { monotoneStatus, revisions, watches } from './status.js'
import { bounded, cancelIsFinal, cancelIsHeeded, progress, settled, timeoutsFire } from './time.js'

export const INVARIANTS = {
  'I1 no loss': noLoss,
  'I2 no double run': noDoubleRun,
  'I3 one Pod per attempt': onePodPerAttempt,
  'I4 monotone status': monotoneStatus,
  'I5 order': inOrder,
  'I6 revisions': revisions,
  'I7 watches': watches,
  'I8 cancel is final': cancelIsFinal,
  'I8 cancel is heeded': cancelIsHeeded,
  'I9 bounded': bounded,
  'I9 timeouts fire': timeoutsFire,
  'I10 isolation': progress,
  'I11 liveness': settled,
}

/** Those that are about time: a machine that is busy with other things breaks them without the engine. */
export const TIMED = ['I8 cancel is heeded', 'I9 timeouts fire', 'I10 isolation']

/** @returns the violations by invariant; an empty list for each that holds */
export function check(records) {
  return Object.fromEntries(Object.entries(INVARIANTS).map(([name, holds]) => [name, holds(records)]))
}
