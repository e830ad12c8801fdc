/** Reads the import table of docs/architecture.md and holds the code to it. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = dirname(import.meta.dirname)

interface Rule {
  readonly folder: string
  readonly pure: boolean
  readonly folders: readonly string[]
  readonly packages: readonly string[]
}

interface Import {
  readonly file: string
  readonly target: string
  readonly typeOnly: boolean
}

const rules = readTable(readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8'))
const files = ['src', 'listeners', 'workers', 'dashboard'].flatMap(folder => sources(folder))
const imports = files.flatMap(file => importsOf(file))

test('the table has a row for every source file', () => {
  expect(files.length).toBeGreaterThan(40)
  expect(files.filter(file => ruleFor(file) === undefined)).toEqual([])
})

test('every row of the table has a file', () => {
  const empty = rules.filter(rule => !files.some(file => ruleFor(file) === rule)).map(rule => rule.folder)
  expect(empty).toEqual([])
})

test('files import only what their row allows', () => {
  const forbidden = imports.filter(each => !isAllowed(each)).map(each => `${each.file} imports ${each.target}`)
  expect(forbidden).toEqual([])
})

test('each third-party package is imported from one place', () => {
  const owners = new Map<string, Set<string>>()
  for (const { file, target, typeOnly } of imports) {
    if (typeOnly || !isPackage(target) || target.startsWith('node:')) continue
    const row = ruleFor(file)?.folder ?? file
    owners.set(packageName(target), (owners.get(packageName(target)) ?? new Set()).add(row))
  }
  expect([...owners].filter(([, rows]) => rows.size > 1).map(([name, rows]) => [name, [...rows]])).toEqual([])
})

test('pure folders have no clock, chance, environment or timer', () => {
  const impure =
    /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bprocess\.|\bset(Timeout|Interval|Immediate)\(|\brandomUUID\(|\brandomBytes\(|\bperformance\.now\(/
  const found = files
    .filter(file => ruleFor(file)?.pure)
    .filter(file => impure.test(withoutComments(readFileSync(join(ROOT, file), 'utf8'))))
  expect(found).toEqual([])
})

test('only src/config.ts reads the environment', () => {
  const readers = files.filter(file => /\bprocess\.env\b/.test(withoutComments(readFileSync(join(ROOT, file), 'utf8'))))
  expect(readers).toEqual(['src/config.ts'])
})

test('no file imports itself, however far around', () => {
  expect(findCycle()).toEqual([])
})

function readTable(text: string): readonly Rule[] {
  const cells = (row: string) =>
    row
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim())
  const words = (cell: string | undefined) => [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(match => match[1] ?? '')
  return text
    .slice(text.indexOf('## Who may import whom'))
    .split('\n')
    .filter(line => line.startsWith('| `'))
    .map(line => {
      const [folder, pure, folders, packages] = cells(line)
      return {
        folder: words(folder)[0] ?? '',
        pure: pure === 'yes',
        folders: words(folders),
        packages: words(packages),
      }
    })
}

function sources(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
    .map(file => join(folder, file))
    .sort()
}

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8')
  const found = text.matchAll(/^(?:import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'|\bimport\('([^']+)'\)/gms)
  return [...found].map(([, typeOnly, from, dynamic]) => {
    const specifier = from ?? dynamic ?? ''
    const target = specifier.startsWith('.')
      ? relative(ROOT, normalize(join(ROOT, dirname(file), specifier))).replace(/\.js$/, '.ts')
      : specifier
    return { file, target, typeOnly: typeOnly !== undefined }
  })
}

function ruleFor(file: string): Rule | undefined {
  return rules.filter(rule => isWithin(file, rule.folder)).sort((a, b) => b.folder.length - a.folder.length)[0]
}

function isAllowed({ file, target }: Import): boolean {
  const rule = ruleFor(file)
  if (rule === undefined) return false
  if (isPackage(target)) {
    return rule.packages.some(name => (name === 'node:*' ? target.startsWith('node:') : name === packageName(target)))
  }
  return isWithin(target, rule.folder) || rule.folders.some(folder => isWithin(target, folder))
}

function isWithin(file: string, folder: string): boolean {
  return file === folder || file.startsWith(`${folder}/`)
}

function isPackage(target: string): boolean {
  return !files.includes(target)
}

function packageName(target: string): string {
  if (target.startsWith('node:')) return target
  return target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/')
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '')
}

/** Depth first over value imports; types vanish when compiled and may point back. */
function findCycle(): readonly string[] {
  const edges = new Map<string, string[]>()
  for (const { file, target, typeOnly } of imports) {
    if (!typeOnly && !isPackage(target)) edges.set(file, [...(edges.get(file) ?? []), target])
  }
  const finished = new Set<string>()
  const path: string[] = []
  const visit = (file: string): readonly string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (finished.has(file)) return []
    path.push(file)
    for (const target of edges.get(file) ?? []) {
      const cycle = visit(target)
      if (cycle.length > 0) return cycle
    }
    path.pop()
    finished.add(file)
    return []
  }
  for (const file of files) {
    const cycle = visit(file)
    if (cycle.length > 0) return cycle
  }
  return []
}
