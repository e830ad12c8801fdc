/**
 * Every command there is, with what `--help` says of it. The code of a command, its flags included, is loaded when it is the
 * one that was called: a command line that is typed often has to answer at once.
 */
import type { Command } from 'commander'
import type { Invocation } from './context.js'
import { NOUNS, type Noun } from './nouns/nouns.js'

/** Adds the command with its flags. */
export type AddCommand = (program: Command, invocation: Invocation) => void

export interface CommandEntry {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly group: keyof typeof GROUPS
  /** One line of `--help`. */
  readonly summary: string
  readonly load: () => Promise<AddCommand>
}

/** The headings of `--help`. */
export const GROUPS = {
  here: 'Here, without a cluster:',
  runs: 'Runs and pipelines:',
  triggers: 'Triggers and schedules:',
  more: 'More:',
} as const

function ofNoun(noun: Noun, group: CommandEntry['group']): CommandEntry {
  const { name, aliases, summary } = noun
  return { name, aliases, group, summary, load: async () => (await import('./flags/nouns.js')).addNoun(noun) }
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'up',
    group: 'here',
    summary: 'run the engine as a server: API, webhooks, workers and kubelet in one process',
    load: async () => (await import('./flags/up.js')).addUp,
  },
  {
    name: 'run',
    group: 'here',
    summary: 'run the pipelines of some files to their end, in an engine that is thrown away',
    load: async () => (await import('./flags/run.js')).addRun,
  },
  {
    name: 'validate',
    group: 'here',
    summary: 'check manifests as a cluster would, without running anything',
    load: async () => (await import('./flags/validate.js')).addValidate,
  },
  {
    name: 'eval',
    group: 'here',
    summary: 'look at what a trigger would do',
    load: async () => (await import('./flags/eval.js')).addEval,
  },
  ofNoun(NOUNS.pipeline, 'runs'),
  ofNoun(NOUNS.pipelinerun, 'runs'),
  ofNoun(NOUNS.task, 'runs'),
  ofNoun(NOUNS.taskrun, 'runs'),
  ofNoun(NOUNS.customrun, 'runs'),
  ofNoun(NOUNS.stepaction, 'runs'),
  {
    name: 'graph',
    group: 'runs',
    summary: 'draw a pipeline, or a run with how far each task is',
    load: async () => (await import('./flags/graph.js')).addGraph,
  },
  {
    name: 'explain',
    group: 'runs',
    summary: 'why a run is where it is, in plain words, and the way out',
    load: async () => (await import('./flags/explain.js')).addExplain,
  },
  {
    name: 'init',
    group: 'here',
    summary: 'write a pipeline, a webhook and a schedule for the repository at hand',
    load: async () => (await import('./flags/init.js')).addInit,
  },
  {
    name: 'doctor',
    group: 'here',
    summary: 'what this machine offers to pipelines, and what it lacks',
    load: async () => (await import('./flags/doctor.js')).addDoctor,
  },
  {
    name: 'trigger',
    group: 'triggers',
    summary: 'send a signed delivery to an EventListener, as its git host would',
    load: async () => (await import('./flags/trigger.js')).addTrigger,
  },
  {
    name: 'delivery',
    aliases: ['deliveries'],
    group: 'triggers',
    summary: 'what came in, what each trigger made of it and why; and once more',
    load: async () => (await import('./flags/deliveries.js')).addDeliveries,
  },
  {
    name: 'schedule',
    aliases: ['schedules'],
    group: 'triggers',
    summary: 'what the clock fires, a run of it now, and the times of a cron text',
    load: async () => (await import('./flags/schedule.js')).addSchedule,
  },
  ofNoun(NOUNS.eventlistener, 'triggers'),
  ofNoun(NOUNS.triggerbinding, 'triggers'),
  ofNoun(NOUNS.clustertriggerbinding, 'triggers'),
  ofNoun(NOUNS.triggertemplate, 'triggers'),
  ofNoun(NOUNS.clusterinterceptor, 'triggers'),
  ofNoun(NOUNS.interceptor, 'triggers'),
  {
    name: 'completion',
    group: 'more',
    summary: 'the script that lets bash, zsh or fish complete commands, flags and names',
    load: async () => (await import('./flags/completion.js')).addCompletion,
  },
]
