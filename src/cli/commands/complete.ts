/** What the completion scripts call back: candidates for the last of some words, on standard output. Never an error. */
import { pause } from '../../timers.js'
import { connect } from '../client/connect.js'
import { choosePlace } from '../client/place.js'
import { type Candidate, completionLines, type Wanted, wantedAfter } from '../completion/candidates.js'
import type { CliContext } from '../context.js'
import { engineFlags } from '../flags/engine.js'
import { createProgram } from '../program.js'

/** Whoever presses Tab does not wait longer for a cluster that is away. */
const PATIENCE_MS = 2_000
/** More of them are no help. */
const NAMES = 500

type Context = Omit<CliContext, 'ask'>

export async function completeCommand(context: Context, words: readonly string[]): Promise<number> {
  const nothing = { context: () => ({ ...context, ask: undefined }), exit: () => undefined }
  const program = await createProgram(words.slice(0, -1), nothing)
  const late = new AbortController()
  try {
    const patience = pause(PATIENCE_MS, late.signal).then((): readonly Candidate[] => [])
    const found = await Promise.race([candidatesFor(context, wantedAfter(program, words), words), patience])
    context.stdout.write(completionLines(found, words.at(-1) ?? ''))
  } catch {
    // No engine, no cluster, no right to look: there is nothing to offer.
  } finally {
    late.abort()
  }
  return 0
}

async function candidatesFor(
  context: Context,
  wanted: Wanted,
  words: readonly string[],
): Promise<readonly Candidate[]> {
  const plain = (texts: readonly string[]) => texts.map(text => ({ text, about: '' }))
  switch (wanted.is) {
    case 'words':
      return wanted.words
    case 'files':
      return []
    case 'contexts': {
      const { contextNames } = await import('../../cluster/kubernetes/kubeconfig.js')
      const { kubeconfig } = placeFlags(words)
      return plain(await contextNames({ environment: context.environment, ...(kubeconfig && { file: kubeconfig }) }))
    }
    case 'names': {
      const place = await choosePlace(placeFlags(words), context.environment)
      const client = connect(place)
      try {
        for await (const page of client.pages(wanted.of, { namespace: client.namespace, pageSize: NAMES })) {
          return plain(page.map(({ metadata }) => metadata.name))
        }
        return []
      } finally {
        client.close()
      }
    }
    default:
      throw new Error(`unknown wish ${JSON.stringify(wanted satisfies never)}`)
  }
}

const PLACE_FLAGS: Readonly<Record<string, string>> = {
  '--data': 'data',
  '--server': 'server',
  '--token-file': 'tokenFile',
  '--kubeconfig': 'kubeconfig',
  '-k': 'kubeconfig',
  '--context': 'context',
  '-c': 'context',
  '--namespace': 'namespace',
  '-n': 'namespace',
}

/** Those that stand there already; a line that is being typed is no line to parse. */
function placeFlags(words: readonly string[]) {
  const given = words.slice(0, -1).flatMap((word, at, all) => {
    const [flag = '', value] = word.startsWith('--') && word.includes('=') ? split(word) : [word, all[at + 1]]
    const name = PLACE_FLAGS[flag]
    return name === undefined || value === undefined ? [] : [[name, value] as const]
  })
  return engineFlags(Object.fromEntries(given))
}

function split(word: string): readonly [string, string] {
  const at = word.indexOf('=')
  return [word.slice(0, at), word.slice(at + 1)]
}
