/** How the cost of a task grows with the width of its pipeline. Wall time is mostly the Pods', processor time is ours. */
import { perTask, withBareEngine } from './bare.js'
import { withEngine } from './engine.js'
import { milliseconds, report, withFolder } from './measure.js'

const NARROW = 10
const WIDE = 1_000
const results = []

/** In turns, so that what else the machine does meets both alike. */
async function compareWidths(what, { runToEnd }) {
  await perTask(runToEnd, NARROW, 30)
  const first = await perTask(runToEnd, NARROW, 20)
  const wide = await perTask(runToEnd, WIDE, 5)
  const again = await perTask(runToEnd, NARROW, 20)
  const narrow = Math.min(first.processor.p50, again.processor.p50)
  const narrowWall = Math.min(first.wall.p50, again.wall.p50)
  results.push(
    { what: `${what}: processor time a task, ${NARROW} parallel tasks`, figure: `${narrow.toFixed(2)} ms` },
    {
      what: `${what}: processor time a task, ${WIDE} parallel tasks`,
      figure: milliseconds(wide.processor),
      compare: `${(wide.processor.p50 / narrow).toFixed(2)} times that of ${NARROW}; goal 1.5`,
    },
    {
      what: `${what}: wall time a task, ${WIDE} parallel tasks`,
      figure: milliseconds(wide.wall),
      compare: `${(wide.wall.p50 / narrowWall).toFixed(2)} times that of ${NARROW}`,
    },
  )
}

await withFolder(folder => withBareEngine(folder, engine => compareWidths('Pods that end at once', engine)))
await withFolder(folder =>
  withBareEngine(folder, engine => compareWidths('a Pod that ends every 5 ms', engine), { everyMs: 5 }),
)
await withEngine(engine => compareWidths('real steps', engine))

report('scale', results)
