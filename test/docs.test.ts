/** Documents that say the same as the code, both ways: docs/errors.md, and the flags of docs/local.md and docs/serve.md. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { COMMANDS } from '../src/cli/command-table.js'
import { NOUNS, VERBS } from '../src/cli/nouns/nouns.js'
import {
  PIPELINE_RUN_REASONS,
  RESOLUTION_REASONS,
  SKIP_REASONS,
  TASK_RUN_REASONS,
  TERMINATION_REASONS,
} from '../src/status/reasons.js'
import { ROOT, tektite } from './helpers/cli.js'

const doc = (name: string) => readFileSync(join(ROOT, 'docs', name), 'utf8')

/** The rows of the table under a heading, without its head. */
function tableUnder(text: string, heading: string): readonly (readonly string[])[] {
  const section = text.split(/^## /m).find(part => part.startsWith(`${heading}\n`))
  if (section === undefined) throw new Error(`docs/errors.md has no heading "${heading}"`)
  const lines = section.split('\n').filter(line => line.startsWith('|'))
  return lines.slice(2).map(line =>
    line
      .slice(1, -1)
      .split(' | ')
      .map(cell => cell.trim()),
  )
}

const TABLES = [
  ['TaskRun', TASK_RUN_REASONS, 4],
  ['Steps', TERMINATION_REASONS, 3],
  ['PipelineRun', PIPELINE_RUN_REASONS, 4],
  ['Skipped tasks', SKIP_REASONS, 3],
  ['Resolution requests', RESOLUTION_REASONS, 4],
] as const

test.each(TABLES)('docs/errors.md explains every reason under "%s" and no other', (heading, reasons, columns) => {
  const rows = tableUnder(doc('errors.md'), heading)
  expect(rows.map(row => row[0])).toEqual([...new Set(rows.map(row => row[0]))])
  expect(rows.map(row => row[0]).sort()).toEqual(
    Object.values(reasons)
      .map(reason => `\`${reason}\``)
      .sort(),
  )
  for (const row of rows) {
    expect([row[0], row.length]).toEqual([row[0], columns])
    for (const cell of row) expect([row[0], cell.length > 0]).toEqual([row[0], true])
  }
})

test.each([
  ['TaskRun', 'TASK_RUN_REASONS'],
  ['PipelineRun', 'PIPELINE_RUN_REASONS'],
  ['Resolution requests', 'RESOLUTION_REASONS'],
])('the status that docs/errors.md gives a reason of a %s is the one in src/status/reasons.ts', (heading, table) => {
  const source = readFileSync(join(ROOT, 'src/status/reasons.ts'), 'utf8')
  const [, body = ''] = source.split(`export const ${table} = {`)
  const entries = body.split('} as const')[0]?.matchAll(/\/\*\* (True|False|Unknown): .*\*\/\n {2}(\w+):/g) ?? []
  const said = Object.fromEntries([...entries].map(([, status, reason]) => [`\`${reason}\``, status]))
  const rows = tableUnder(doc('errors.md'), heading)
  expect(Object.fromEntries(rows.map(row => [row[0], row[1]]))).toEqual(said)
})

test('every reason that is written out in the code is in a table', () => {
  const known = new Set<string>([
    ...TABLES.flatMap(([, reasons]) => Object.values(reasons)),
    // The API server's word, which becomes one of the others.
    'AlreadyExists',
  ])
  const files = ['src/reconcile', 'src/run', 'src/status', 'src/pod'].flatMap(folder =>
    readdirSync(join(ROOT, folder))
      .filter(name => name.endsWith('.ts'))
      .map(name => join(ROOT, folder, name)),
  )
  const written = files.flatMap(file =>
    [...readFileSync(file, 'utf8').matchAll(/\breason: (?:\w+ \? )?'(\w+)'(?: : '(\w+)')?/g)].flatMap(([, a, b]) =>
      b === undefined ? [a] : [a, b],
    ),
  )
  expect(written.length).toBeGreaterThan(5)
  expect(written.filter(reason => reason === undefined || !known.has(reason))).toEqual([])
})

/** `--param` and the like, without `--help`, which needs no line in a document. */
function longFlags(text: string): readonly string[] {
  const flags = [...text.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([flag]) => flag)
  return [...new Set(flags)].filter(flag => flag !== '--help').sort()
}

function shortFlags(text: string): readonly string[] {
  return [...new Set([...text.matchAll(/(?<![\w-])-([a-z])\b(?!-)/g)].map(([, letter]) => `-${letter}`))]
    .filter(flag => flag !== '-h')
    .sort()
}

test('docs/local.md has every flag of `tektite run --help` and no other', async () => {
  const { code, stdout } = await tektite(['run', '--help'])
  expect(code).toBe(0)
  const table = doc('local.md')
    .split('\n')
    .filter(line => line.startsWith('| `-'))
    .map(line => line.split('|')[1] ?? '')
    .join('\n')
  // An option that the table gives by its letter alone is given; what is there must exist.
  const letterOf = new Map(
    [...stdout.matchAll(/^ {2}(-[a-z]), (--[a-z-]+)/gm)].map(([, letter, long]) => [long, letter]),
  )
  const given = (flag: string) =>
    longFlags(table).includes(flag) || shortFlags(table).includes(letterOf.get(flag) ?? '')
  expect(longFlags(stdout).length).toBeGreaterThan(3)
  expect(longFlags(stdout).filter(flag => !given(flag))).toEqual([])
  expect(longFlags(doc('local.md')).filter(flag => !longFlags(stdout).includes(flag))).toEqual([])
  expect(shortFlags(table).filter(flag => !shortFlags(stdout).includes(flag))).toEqual([])
})

test('docs/serve.md has every flag of `tektite up --help` and no other', async () => {
  const { code, stdout } = await tektite(['up', '--help'])
  expect(code).toBe(0)
  // The commands in it that are not ours have flags of their own.
  const ours = doc('serve.md')
    .split('```')
    .filter(block => !block.includes('curl'))
    .join('')
  expect(longFlags(stdout).length).toBeGreaterThan(2)
  expect(longFlags(ours)).toEqual(longFlags(stdout))
})

test('the defaults in docs/serve.md are those of the help', async () => {
  const { stdout } = await tektite(['up', '--help'])
  const defaults = [
    ...stdout.matchAll(/(--[a-z-]+) <\w+>(?:(?!--)[^()])*\((?:(?!--)[^()])*?default:\s+"?([^")]+)"?\)/g),
  ]
  expect(defaults.length).toBeGreaterThanOrEqual(3)
  for (const [, flag, value] of defaults) expect(doc('serve.md')).toContain(`[${flag} ${value}]`)
})

test('docs/deliveries.md has every flag of `tektite deliveries` and `tektite trigger`, and no other', async () => {
  const commands = [['deliveries', 'list'], ['deliveries', 'show'], ['deliveries', 'replay'], ['trigger']]
  const helps = await Promise.all(commands.map(command => tektite([...command, '--help'])))
  expect(helps.map(({ code }) => code)).toEqual([0, 0, 0, 0])
  const flags = longFlags(helps.map(({ stdout }) => stdout).join('\n'))
  expect(flags.length).toBeGreaterThan(15)
  expect(longFlags(doc('deliveries.md'))).toEqual(flags)
})

test('docs/cli.md names every command, the verbs of every noun, and every flag that says which API server', async () => {
  const text = doc('cli.md')
  expect(COMMANDS.filter(({ name }) => !text.includes(`\`${name}\``)).map(({ name }) => name)).toEqual([])
  for (const { name, verbs } of Object.values(NOUNS)) {
    const row = text.split('\n').find(line => line.startsWith('|') && line.split('|')[1]?.includes(`\`${name}\``))
    expect([name, row?.match(new RegExp(`\`(?:${VERBS.join('|')})\``, 'g'))]).toEqual([
      name,
      verbs.map(verb => `\`${verb}\``),
    ])
  }
  const help = (await tektite(['pr', 'list', '--help'])).stdout
  expect(longFlags(help).filter(flag => flag !== '--help' && !text.includes(flag))).toEqual([])
})
