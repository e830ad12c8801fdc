/** `npm run demo`: installs what is missing, then shows a pull request's webhook become a finished PipelineRun. */
import { build, installPackages } from './prepare.js'

installPackages()
build()
const { demo } = await import('./demo-flow.js')
process.exitCode = await demo()
