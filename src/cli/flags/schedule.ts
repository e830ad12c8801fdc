/** The flags of `tektite schedule`. The command itself is loaded when it is asked for. */
import { type Command, Option } from 'commander'
import type { Invocation } from '../context.js'
import { SCHEDULE } from '../nouns/nouns.js'
import { addEngineFlags, type EngineFlagValues, engineFlags } from './engine.js'
import { addVerbs } from './nouns.js'
import { count, duration, instant } from './values.js'

interface ListFlags extends EngineFlagValues {
  readonly namespace?: string
  readonly output?: 'json'
}

interface RunFlags extends EngineFlagValues {
  readonly namespace: string
  readonly timeout: number
  readonly output?: 'json'
}

interface NextFlags {
  readonly zone: string
  readonly count: number
  readonly from?: number
  readonly for: string
}

export function addSchedule(program: Command, invocation: Invocation): void {
  const { context, exit } = invocation
  const schedule = program
    .command('schedule')
    .description(
      'what the clock fires: the schedules of an engine, a run of one of them now, and the times of a cron text',
    )

  const list = schedule
    .command('list', { isDefault: true })
    .alias('ls')
    .description('the schedules, when each fired last and will fire next, and what of it still runs')
    .option('-n, --namespace <namespace>', 'only of this namespace (default: all)')
    .addOption(new Option('-o, --output <format>', 'as the API gives it').choices(['json']))
  addEngineFlags(list).action(async (flags: ListFlags) => {
    const { listSchedulesCommand } = await import('../commands/schedule.js')
    const { namespace, output } = flags
    const chosen = { ...(namespace && { namespace }), ...(output && { output }) }
    exit(await listSchedulesCommand(context('warn'), { engine: engineFlags(flags), ...chosen }))
  })

  const run = schedule
    .command('run')
    .description(
      'a run now, as the clock would make it, also of a schedule that is suspended; its concurrencyPolicy holds',
    )
    .argument('<name>', 'the Schedule')
    .option('-n, --namespace <namespace>', 'where it is', 'default')
    .addOption(
      new Option('--timeout <duration>', 'how long to wait for the dispatch').argParser(duration).default(60_000, '1m'),
    )
    .addOption(new Option('-o, --output <format>', 'the delivery, as the API gives it').choices(['json']))
    .addHelpText('after', '\nExit code: 0 it made what its template says, 1 not so, 2 nothing was asked for.')
  addEngineFlags(run).action(async (name: string, flags: RunFlags) => {
    const { runScheduleCommand } = await import('../commands/schedule.js')
    const { namespace, timeout, output } = flags
    const chosen = { name, namespace, timeoutMs: timeout, ...(output && { output }) }
    exit(await runScheduleCommand(context('warn'), { engine: engineFlags(flags), ...chosen }))
  })

  schedule
    .command('next')
    .description('when cron texts fire next; asks no engine')
    .argument('<text...>', 'five fields, or six with the second first, or @daily and its like; several fire together')
    .option('-z, --zone <zone>', 'the time zone, a name of the IANA list', 'UTC')
    .option('-n, --count <n>', 'how many', count, 5)
    .option('--from <time>', 'after this time (RFC 3339) instead of now', instant)
    .option('--for <namespace/name>', 'whose schedule it is: what H in a text is spread by', 'default/')
    .addHelpText('after', '\nExit code: 0 the times are on stdout, 2 a text or the zone is wrong.')
    .action(async (texts: string[], flags: NextFlags) => {
      const { nextTimesCommand } = await import('../commands/schedule.js')
      const { zone, count: times, from, for: owner } = flags
      exit(nextTimesCommand(context('warn'), { texts, zone, count: times, owner, ...(from !== undefined && { from }) }))
    })

  addVerbs(schedule, SCHEDULE, invocation)
}
