/** One pipeline of 3 tasks in a row and 5 steps, end to end: the whole command, and inside a running engine. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { withEngine } from './engine.js'
import { milliseconds, ROOT, report, rounds, summary } from './measure.js'

const MANIFEST = join(ROOT, 'bench/pipeline.yaml')
/** gitlab-ci-local, shell executor, 3 jobs and 5 commands on the same machine (DESIGN.md §1). */
const GITLAB_CI_LOCAL_MS = 750

const memory = []
const command = await rounds(10, async () => {
  const started = performance.now()
  const child = spawn(process.execPath, [join(ROOT, 'bin/tektite.js'), 'run', '-f', MANIFEST], { stdio: 'ignore' })
  const watch = setInterval(() => memory.push(residentMiB(child.pid)), 10)
  const code = await new Promise(resolve => child.once('exit', resolve))
  clearInterval(watch)
  if (code !== 0) throw new Error(`tektite run ended with ${code}`)
  return performance.now() - started
})

const engine = await withEngine(async ({ runToEnd, manifest }) => {
  const [run] = manifest(MANIFEST)
  return rounds(20, async () => {
    const started = performance.now()
    await runToEnd([run])
    return performance.now() - started
  })
})

report('pipeline', [
  {
    what: 'tektite run, whole command',
    figure: milliseconds(command),
    compare: `${(GITLAB_CI_LOCAL_MS / command.p50).toFixed(1)}× faster than gitlab-ci-local (750 ms); goal 350 ms`,
  },
  {
    what: 'tektite run, resident memory',
    figure: `max ${summary(memory.filter(Boolean)).max.toFixed(0)} MiB`,
    compare: 'goal 100 MB',
  },
  {
    what: 'inside a running engine',
    figure: milliseconds(engine),
    compare: 'goal 120 ms; Tekton on a kubelet: 12 to 14 s',
  },
])

function residentMiB(pid) {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
  } catch {
    // Ended between two looks.
    return 0
  }
}
