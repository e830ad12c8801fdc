/** How long each of the last runs took: a bar each, coloured by how it ended, with a line where the median is. */
import { useLocation } from 'wouter'
import type { RunSummary } from '../../../../src/resources/run-summary.js'
import { statusWord } from '../../components/status.js'
import { durationText, useNow, wholeTime } from '../../components/time.js'
import { barsOf, countsText, medianOf } from './durations.js'

const HEIGHT = 120
/** Of the drawing; the browser stretches it to the width there is, and no text is in it. */
const STEP = 20
const BARS = 50
/** Few runs are shown as if there were so many, and not as wide blocks. */
const LEAST_BARS = 24
/** A median of fewer says nothing. */
const LEAST_FOR_MEDIAN = 3

export function DurationChart({ runs }: { readonly runs: readonly RunSummary[] }) {
  const now = useNow()
  const [, navigate] = useLocation()
  const shown = runs.slice(0, BARS)
  const bars = barsOf(shown, now)
  const longest = Math.max(1, ...bars.map(({ milliseconds }) => milliseconds))
  const median = bars.length < LEAST_FOR_MEDIAN ? undefined : medianOf(bars)
  const width = Math.max(LEAST_BARS, bars.length) * STEP
  const middle = median === undefined ? undefined : (1 - median / longest) * 100
  const said = median === undefined ? '' : `, median ${durationText(median)}`
  return (
    <figure className="durations">
      <div className="durations-scale" aria-hidden="true">
        <span>{durationText(longest)}</span>
        <span>0</span>
      </div>
      <div className="durations-plot">
        <svg
          viewBox={`0 0 ${width} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`Durations of the last ${bars.length} runs: ${countsText(shown)}; longest ${durationText(longest)}${said}. The list of runs says the same.`}
        >
          {bars.map(({ run, milliseconds }, at) => {
            const height = Math.max(2, HEIGHT * (milliseconds / longest))
            const x = width - (bars.length - at) * STEP
            const title = `${run.name}: ${statusWord(run.status)} in ${durationText(milliseconds)}, ${wholeTime(run.createdAt)}`
            return (
              // biome-ignore lint/a11y/noStaticElementInteractions: the list below has the same links for keys
              <g
                key={run.uid}
                className="duration"
                data-status={run.status}
                onClick={() => navigate(`/runs/${encodeURIComponent(run.namespace)}/${encodeURIComponent(run.uid)}`)}
              >
                <title>{title}</title>
                <rect className="duration-ground" x={x} y={0} width={STEP} height={HEIGHT} />
                <rect x={x + 3} y={HEIGHT - height} width={STEP - 6} height={height} />
              </g>
            )
          })}
        </svg>
        {middle !== undefined && (
          <div
            className="durations-median"
            data-high={middle < 15 || undefined}
            style={{ top: `${middle}%` }}
            aria-hidden="true"
          >
            <span>median {durationText(median ?? 0)}</span>
          </div>
        )}
      </div>
    </figure>
  )
}
