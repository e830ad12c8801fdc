/** Types, lint, format, unused code; import rules and cycles are `test/architecture.test.ts`. */
import { join } from 'node:path'
import { build, installPackages, ROOT, run, step } from './prepare.js'

const tool = (name, ...args) => run(name, process.execPath, [join(ROOT, 'node_modules', name), ...args])

installPackages()
build()
step('types')
tool('typescript/bin/tsc', '-p', '.')
tool('typescript/bin/tsc', '-p', 'ui')
step('lint and format')
tool('@biomejs/biome/bin/biome', 'ci', '--error-on-warnings', '.')
step('unused code')
tool('knip/bin/knip.js', '--no-progress')
step('import rules')
tool('vitest/vitest.mjs', 'run', 'test/architecture.test.ts', '--reporter=dot')
