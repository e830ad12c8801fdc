/** The process: `node dist/dashboard/main.js --help`. */
import { ownEnvironment } from '../src/config.js'
import { runDashboard } from '../src/distributed.js'
import { DASHBOARD_FLAGS } from '../src/process/process-flags.js'
import { runProgram } from '../src/process/run-program.js'

await runProgram(
  {
    name: 'dashboard',
    about:
      'Serves the dashboard: its pages, the history of deliveries and runs, and as much of the Kubernetes API as they need.',
    flags: DASHBOARD_FLAGS,
    run: runDashboard,
  },
  process.argv.slice(2),
  ownEnvironment(),
)
