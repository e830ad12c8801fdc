import type { RunSummary } from '../../../../src/resources/run-summary.js'
import { useNow } from '../../components/time.js'
import { barsOf, countsText } from './durations.js'

const BARS = 20
const [WIDTH, HEIGHT, STEP] = [118, 22, 6]

/** The last twenty results: a bar each, as high as it took long, the newest on the right. */
export function Sparkline({ runs }: { readonly runs: readonly RunSummary[] }) {
  const now = useNow()
  const shown = runs.slice(0, BARS)
  const bars = barsOf(shown, now)
  const longest = Math.max(1, ...bars.map(({ milliseconds }) => milliseconds))
  const label = shown.length === 0 ? 'No runs' : `Last ${shown.length} runs: ${countsText(shown)}`
  return (
    <svg
      className="sparkline"
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={label}
    >
      {bars.map(({ run, milliseconds }, at) => {
        const height = 4 + (HEIGHT - 4) * (milliseconds / longest)
        const x = WIDTH - (bars.length - at) * STEP + 2
        return (
          <rect key={run.uid} data-status={run.status} x={x} y={HEIGHT - height} width={4} height={height} rx={1} />
        )
      })}
    </svg>
  )
}
