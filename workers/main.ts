/** The process: `node dist/workers/main.js --help`. */
import { ownEnvironment } from '../src/config.js'
import { runWorkers } from '../src/distributed.js'
import { WORKER_FLAGS } from '../src/process/process-flags.js'
import { runProgram } from '../src/process/run-program.js'

await runProgram(
  {
    name: 'workers',
    about: 'Sees runs, and makes them happen: watches a Kubernetes cluster, takes names of runs from a queue in Redis.',
    flags: WORKER_FLAGS,
    run: runWorkers,
  },
  process.argv.slice(2),
  ownEnvironment(),
)
