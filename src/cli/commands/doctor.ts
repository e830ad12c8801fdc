/** `tektite doctor`: what this machine offers and lacks. */
import type { CliContext } from '../context.js'
import type { Finding } from '../doctor/finding.js'
import { disk, isolation, node, port, program, programs, system, watches } from '../doctor/machine.js'
import { cluster, engine, redis } from '../doctor/others.js'
import { printable, type Style, styleFor } from '../print/style.js'

export interface DoctorOptions {
  readonly dataDir: string
  readonly output?: 'json'
}

/** Resolves to 0 when `tektite run` and `tektite up` work here, 1 when they do not. */
export async function doctorCommand(
  { config, stdout, environment }: CliContext,
  options: DoctorOptions,
): Promise<number> {
  const findings = (
    await Promise.all([
      node(),
      system(),
      programs(config),
      isolation(config),
      disk(config.tempDir),
      watches(),
      program('git', ['--version'], 'the git resolver and clones in steps do not work'),
      program('kubectl', ['version', '--client'], 'tektite itself lists, describes and shows logs'),
      engine(options.dataDir),
      port(6440, 'the API', '--port'),
      port(6443, 'the API over TLS', '--secure-port'),
      port(6480, 'webhooks', '--hooks-port'),
      redis(config.redisUrl),
      cluster(environment),
    ])
  ).flat()
  const isBroken = findings.some(({ is }) => is === 'broken')
  if (options.output === 'json') {
    stdout.write(`${JSON.stringify({ works: !isBroken, findings }, undefined, 2)}\n`)
  } else {
    const style = styleFor(stdout, config)
    stdout.write(findings.map(finding => line(finding, style)).join(''))
    const lacking = findings.filter(({ is }) => is === 'lacks').length
    const more = lacking === 0 ? '' : `, ${lacking} ${lacking === 1 ? 'thing' : 'things'} could be better`
    stdout.write(isBroken ? '\nPipelines do not run here yet.\n' : `\nPipelines run here${more}.\n`)
  }
  return isBroken ? 1 : 0
}

function line({ what, is, found, wayOut }: Finding, style: Style): string {
  const mark = { fine: style.green('✓'), lacks: style.yellow('!'), broken: style.red('✗') }[is]
  const way = wayOut === undefined ? '' : `\n  ${' '.repeat(14)}${style.dim('→')} ${printable(wayOut)}`
  return `${mark} ${what.padEnd(14)}${printable(found)}${way}\n`
}
