/** The process: `node dist/listeners/main.js --help`. */
import { ownEnvironment } from '../src/config.js'
import { runListeners } from '../src/distributed.js'
import { LISTENER_FLAGS } from '../src/process/process-flags.js'
import { runProgram } from '../src/process/run-program.js'

await runProgram(
  {
    name: 'listeners',
    about: 'Takes webhooks in, fires schedules, and creates what triggers make of both in a Kubernetes cluster.',
    flags: LISTENER_FLAGS,
    run: runListeners,
  },
  process.argv.slice(2),
  ownEnvironment(),
)
