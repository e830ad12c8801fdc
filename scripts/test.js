/** `npm test`: installs what is missing, then runs every test. Arguments go to vitest, to run a few. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureHelm } from './helm.js'
import { ensureDebianKubectl } from './kubectl.js'
import { build, ensureDebianPackage, installPackages, ROOT, run, step } from './prepare.js'

const only = process.argv.slice(2)

installPackages()
// Tests that need one of these fail and say so when it could not be had; none is skipped.
if (!process.env.REDIS_URL) ensureDebianPackage('redis-server', 'redis-server')
ensureDebianPackage('musl-gcc', 'musl-tools')
ensureDebianPackage('git', 'git')
ensureDebianPackage('docker-registry', 'docker-registry')
ensureDebianPackage('busybox', 'busybox')
ensureDebianPackage('zsh', 'zsh')
ensureDebianPackage('fish', 'fish')
ensureDebianPackage('python3', 'python3')
ensureDebianPackage('/usr/lib/python3/dist-packages/swift/common/middleware/s3api/s3api.py', 'python3-swift')
ensureDebianPackage('chromium', 'chromium')
ensureDebianKubectl()
ensureHelm()
build()
if (only.length === 0) run('npm run check', process.execPath, [join(ROOT, 'scripts/check.js')])

step('tests')
const report = mkdtempSync(join(tmpdir(), 'tektite-report-'))
const vitest = spawnSync(
  process.execPath,
  [
    join(ROOT, 'node_modules/vitest/vitest.mjs'),
    'run',
    ...only,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${join(report, 'report.json')}`,
  ],
  { cwd: ROOT, stdio: 'inherit' },
)
// One plain closing line, for people and machines that read only the end.
try {
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(
    readFileSync(join(report, 'report.json'), 'utf8'),
  )
  for (const { assertionResults } of testResults) {
    for (const { status, fullName, failureMessages } of assertionResults) {
      if (status === 'passed' && failureMessages?.length > 0) {
        console.log(`passed only at the second try: ${fullName}: ${failureMessages[0].split('\n')[0]}`)
      }
    }
  }
  console.log(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`)
} finally {
  rmSync(report, { recursive: true, force: true })
}
process.exit(vitest.status ?? 1)
