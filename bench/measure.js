/** What all benchmarks share: figures from samples, the machine, a place for results. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

/** Runs `once` a warm-up and then `rounds` times; each resolves to a figure. */
export async function rounds(count, once) {
  await once()
  const figures = []
  for (let round = 0; round < count; round += 1) figures.push(await once())
  return summary(figures)
}

export function summary(samples) {
  const sorted = [...samples].sort((a, b) => a - b)
  const at = share => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
  return { n: sorted.length, min: sorted[0], p50: at(0.5), p99: at(0.99), max: sorted.at(-1) }
}

export function milliseconds({ n, min, p50, p99, max }) {
  const text = value => value.toFixed(value < 10 ? 2 : 0)
  return `p50 ${text(p50)} ms, p99 ${text(p99)} ms, min ${text(min)}, max ${text(max)} (n=${n})`
}

/** Prints a figure with what it is compared to, and keeps it for `bench/results/`. */
export function report(name, results) {
  console.log(`\n${name}`)
  for (const { what, figure, compare } of results)
    console.log(`  ${what.padEnd(46)} ${figure}${compare ? `   ${compare}` : ''}`)
  mkdirSync(join(ROOT, 'bench/results'), { recursive: true })
  const file = { name, machine: machine(), loadBefore, loadAfter: loadavg()[0], results }
  writeFileSync(join(ROOT, 'bench/results', `${name}.json`), `${JSON.stringify(file, undefined, 2)}\n`)
}

const loadBefore = loadavg()[0]

function machine() {
  return {
    cpu: cpus()[0]?.model.trim(),
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim(),
  }
}

/** A folder that is gone afterwards, whatever happens. */
export async function withFolder(work) {
  mkdirSync(join(ROOT, '.tektite'), { recursive: true })
  const folder = mkdtempSync(join(ROOT, '.tektite/bench-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
