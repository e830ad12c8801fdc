/**
 * How long a command takes that has next to nothing to do: from the start of the process to its end, each command in turn,
 * so that all see the same load. Node alone is beside them: what is above it is ours.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startApi } from '../dist/src/api/server.js'
import { withEngine } from './engine.js'
import { milliseconds, ROOT, report, summary, withFolder } from './measure.js'

const ROUNDS = 30
const CLI = join(ROOT, 'bin/tektite.js')
const PIPELINE = join(ROOT, 'bench/pipeline.yaml')
const RUNS = 100

const log = { debug() {}, info() {}, warn() {}, error() {} }
const token = 'a-token-of-this-benchmark'

await withFolder(folder =>
  withEngine(
    async ({ engine }) => {
      const spec = { taskSpec: { steps: [{ name: 'x', image: 'x', script: 'true' }] }, status: 'TaskRunCancelled' }
      for (let at = 0; at < RUNS; at += 1) {
        const metadata = { name: `run-${at}`, namespace: 'default' }
        await engine.cluster.create('TaskRun', { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', metadata, spec })
      }
      const api = await startApi({ ...engine, log, token, users: [] }, { port: 0, host: '127.0.0.1' })
      try {
        await measure(folder, api.port)
      } finally {
        await api.close()
      }
    },
    { throwAway: true },
  ),
)

async function measure(folder, port) {
  const data = join(folder, 'data')
  mkdirSync(data)
  writeFileSync(join(data, 'addresses.json'), JSON.stringify({ api: `http://127.0.0.1:${port}` }))
  writeFileSync(join(data, 'token'), token)
  const commands = {
    'node, with nothing to do': ['-e', '0'],
    '--version': [CLI, '--version'],
    '--help': [CLI, '--help'],
    'pipeline start --help': [CLI, 'pipeline', 'start', '--help'],
    'completion of a command': [CLI, '__complete', 'pipeline', ''],
    [`completion of one of ${RUNS} names`]: [CLI, '__complete', 'taskrun', 'logs', '--data', data, ''],
    [`taskrun list, ${RUNS} of them`]: [CLI, 'taskrun', 'list', '--data', data],
    'validate, one Pipeline': [CLI, 'validate', PIPELINE],
  }
  const samples = Object.fromEntries(Object.keys(commands).map(name => [name, []]))
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, args] of Object.entries(commands)) {
      const began = performance.now()
      // The server is this process: the command must not be waited for in a way that holds it up.
      const { status, stderr } = await run(args)
      if (status !== 0) throw new Error(`${name}: exit code ${status}: ${stderr}`)
      if (round > 0) samples[name].push(performance.now() - began)
    }
  }
  const results = Object.entries(samples).map(([what, each]) => ({
    what,
    figure: milliseconds(summary(each)),
    ...(what.startsWith('node') ? {} : { compare: 'goal p50 150 ms' }),
  }))
  report('cold-start', results)
}

function run(args) {
  return new Promise(resolve => {
    execFile(process.execPath, args, (error, _stdout, stderr) => resolve({ status: error ? error.code : 0, stderr }))
  })
}
