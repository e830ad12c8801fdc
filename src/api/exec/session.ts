/** A command and the client it belongs to: what each says is carried to the other, until the command has ended. */
import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

export interface RunningCommand {
  /** Only when it was asked for. */
  readonly stdin: Writable | undefined
  readonly stdout: Readable
  readonly stderr: Readable
  /** Of its terminal, in characters. */
  resize(columns: number, rows: number): void
  /** Its exit code, after all of its output. */
  readonly ended: Promise<number>
}

/** A client, whatever it speaks. */
export interface Client {
  /** What comes for standard input; ends when the client says so. */
  readonly input: Readable
  /** Resolves when there is room for more. */
  send(stream: 'stdout' | 'stderr', bytes: Buffer): Promise<void>
  onResize(listener: (columns: number, rows: number) => void): void
  /** Tells how it ended, a `Status`, and hangs up. */
  finish(status: object): Promise<void>
}

export interface SessionOptions {
  readonly stdout: boolean
  readonly stderr: boolean
  /** Without a byte in either direction. */
  readonly idleMs: number
  /** Kills the command. */
  readonly kill: () => void
}

/** Resolves when both are through with each other. */
export async function runSession(command: RunningCommand, client: Client, options: SessionOptions): Promise<void> {
  let isIdle = false
  const idle = setTimeout(() => {
    isIdle = true
    options.kill()
  }, options.idleMs)
  const carry = async (from: Readable, stream: 'stdout' | 'stderr'): Promise<void> => {
    for await (const bytes of from as AsyncIterable<Buffer>) {
      idle.refresh()
      if (options[stream]) await client.send(stream, bytes)
    }
  }
  client.onResize(command.resize)
  client.input.on('data', () => idle.refresh())
  if (command.stdin === undefined) client.input.resume()
  // A command that reads no further has ended its input, not the session.
  else void pipeline(client.input, command.stdin).catch(() => client.input.resume())
  try {
    await Promise.all([carry(command.stdout, 'stdout'), carry(command.stderr, 'stderr')])
    const code = await command.ended
    await client.finish(isIdle ? idleStatus(options.idleMs) : exitStatus(code))
  } finally {
    clearTimeout(idle)
    options.kill()
  }
}

/** As the kubelet writes it: `kubectl` exits with the code in it. */
export function exitStatus(code: number): object {
  if (code === 0) return { metadata: {}, status: 'Success' }
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${code}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  }
}

function idleStatus(idleMs: number): object {
  const message = `nothing came or went for ${idleMs / 60_000} minutes: the command was stopped`
  return { metadata: {}, status: 'Failure', message, reason: 'Timeout' }
}
