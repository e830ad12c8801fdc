/** Why a run is where it is, in the server's plain words, and the way out. */
import { Link, useLocation } from 'wouter'
import type { Finding } from '../../../../src/explain/explanation.js'
import { StatusIcon } from '../../components/status.js'
import { plainText } from '../../log-viewer/ansi.js'
import { shownText } from '../../log-viewer/shown-text.js'
import { summaryOf } from './run-status.js'
import type { LoadedRun } from './use-run.js'

/** More than this is read in the tree, task by task. */
const MOST_FINDINGS = 3
const MOST_LINES = 4

export function ExplanationNotice({ loaded: { run, explanation } }: { readonly loaded: LoadedRun }) {
  const { status, message } = summaryOf(run)
  if (status === 'succeeded' || status === 'running') return null
  const telling = (explanation?.findings ?? []).filter(({ is }) => is !== 'skipped' && is !== 'note')
  if (telling.length === 0 && message === '') return null
  return (
    <div className="notice" data-status={status}>
      <StatusIcon status={status} />
      <div className="findings">
        {telling.slice(0, MOST_FINDINGS).map(finding => (
          <FindingText key={`${finding.is} ${finding.about}`} finding={finding} />
        ))}
        {telling.length > MOST_FINDINGS && <p className="small">And {telling.length - MOST_FINDINGS} more.</p>}
        {telling.length === 0 && <p>{message}</p>}
      </div>
    </div>
  )
}

function FindingText({ finding: { about, text, lines = [], wayOut } }: { readonly finding: Finding }) {
  const [location] = useLocation()
  return (
    <div className="finding">
      <p>
        {about !== '' && (
          <>
            <Link className="link strong" href={`${location}?task=${encodeURIComponent(about)}`}>
              {about}
            </Link>
            {': '}
          </>
        )}
        {text}
      </p>
      {lines.length > 0 && (
        <pre className="finding-lines">
          {lines
            .slice(-MOST_LINES)
            .map(line => plainText(shownText(line)))
            .join('\n')}
        </pre>
      )}
      {wayOut !== undefined && <p className="small finding-way">{wayOut}</p>}
    </div>
  )
}
