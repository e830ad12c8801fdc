/** What the runs that ended cost those that come after them, and the start of the engine. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { perTask, pipelineRun, withBareEngine } from './bare.js'
import { milliseconds, ROOT, report, summary, withFolder } from './measure.js'

const FINISHED = [0, 1_000, 10_000]
const results = []

await withFolder(async folder => {
  let finished = 0
  for (const count of FINISHED) {
    await withBareEngine(folder, async ({ runToEnd }) => {
      for (; finished < count; finished += 200) await runToEnd(Array.from({ length: 200 }, () => pipelineRun(1)))
    })
    await withBareEngine(folder, async ({ runToEnd }) => {
      await perTask(runToEnd, 10, 30)
      const { wall, processor } = await perTask(runToEnd, 1, 100)
      results.push({
        what: `a run of one task beside ${count} finished ones`,
        figure: milliseconds(wall),
        compare: `${processor.p50.toFixed(2)} ms of processor time`,
      })
    })
    const starts = []
    for (let round = 0; round < 5; round += 1) starts.push(await startUp(folder))
    results.push({
      what: `tektite up beside ${count} finished runs`,
      figure: milliseconds(summary(starts.map(one => one.wall))),
      compare: `${median(starts, 'processor')} ms of processor time, ${median(starts, 'memory')} MiB a second later`,
    })
  }
})

report('finished', results)

function median(samples, what) {
  return summary(samples.map(one => one[what])).p50.toFixed(0)
}

/** Until it says that it is up. */
async function startUp(folder) {
  const started = performance.now()
  const args = [join(ROOT, 'bin/tektite.js'), 'up', '--data', folder, '--port', '0', '--hooks-port', '0']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = new Promise(resolve => child.once('exit', resolve))
  let said = ''
  const wall = await new Promise((resolve, reject) => {
    child.stderr.on('data', text => {
      said += text
      if (said.includes('is up')) resolve(performance.now() - started)
    })
    void exited.then(code => reject(new Error(`tektite up ended with ${code}: ${said}`)))
  })
  await new Promise(resolve => setTimeout(resolve, 1_000))
  const read = file => readFileSync(`/proc/${child.pid}/${file}`, 'utf8')
  const memory = Number(/VmRSS:\s+(\d+)/.exec(read('status'))?.[1]) / 1024
  // User and system time, in hundredths of a second.
  const processor = read('stat')
    .split(' ')
    .slice(13, 15)
    .reduce((sum, ticks) => sum + Number(ticks) * 10, 0)
  child.kill('SIGTERM')
  await exited
  return { wall, memory, processor }
}
