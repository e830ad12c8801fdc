/** Questions to the person at the terminal. */
import { createInterface, type Interface } from 'node:readline'
import { ClientError } from './client/client.js'

export type Ask = (question: string) => Promise<string>

export interface Asker {
  /** Undefined where nobody can answer. */
  readonly ask: Ask | undefined
  close(): void
}

/** Asks on standard error, so that standard output stays for results. Nothing is read before the first question. */
export function createAsker(input: NodeJS.ReadStream, output: NodeJS.WriteStream): Asker {
  let open: Interface | undefined
  let isOver = false
  // Typed ahead, or pasted: lines that came before they were asked for.
  const lines: string[] = []
  let waiting: { readonly answer: (line: string) => void; readonly giveUp: (why: Error) => void } | undefined

  function begin(): Interface {
    const reading = createInterface({ input, output })
    reading.on('line', line => {
      if (waiting === undefined) lines.push(line)
      else waiting.answer(line)
      waiting = undefined
    })
    const end = () => {
      isOver = true
      waiting?.giveUp(new NoAnswer())
      waiting = undefined
    }
    // Ctrl-C and Ctrl-D: nobody wants to go on.
    reading.on('SIGINT', () => reading.close())
    reading.on('close', end)
    return reading
  }

  async function ask(question: string): Promise<string> {
    open ??= begin()
    open.setPrompt(question)
    open.prompt()
    const early = lines.shift()
    if (early !== undefined) return early
    if (isOver) throw new NoAnswer()
    return new Promise((answer, giveUp) => {
      waiting = { answer, giveUp }
    })
  }

  return {
    ask: input.isTTY === true && output.isTTY === true ? ask : undefined,
    close: () => open?.close(),
  }
}

/** The person left. */
class NoAnswer extends ClientError {
  constructor() {
    super(0, 'not answered, so nothing was done')
  }
}

/** Asks until the answer is one of these; by its number or its text. */
export async function askWhich(ask: Ask, question: string, choices: readonly string[]): Promise<string> {
  const list = choices.map((choice, at) => `  ${at + 1}) ${choice}\n`).join('')
  for (let text = `${question}\n${list}`; ; text = '') {
    const answer = (await ask(`${text}1-${choices.length}: `)).trim()
    const found =
      choices.find(choice => choice === answer) ?? (/^\d+$/.test(answer) ? choices[Number(answer) - 1] : undefined)
    if (found !== undefined) return found
  }
}

export async function askYesOrNo(ask: Ask, question: string): Promise<boolean> {
  for (;;) {
    const answer = (await ask(`${question} (y/n): `)).trim().toLowerCase()
    if (answer === 'y' || answer === 'yes') return true
    if (answer === 'n' || answer === 'no') return false
  }
}
