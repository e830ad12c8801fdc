/** Who changed what, as lines of JSON in a file that is kept from growing for ever. */
import { appendFileSync, closeSync, existsSync, fstatSync, openSync, renameSync } from 'node:fs'
import { describeError } from '../../lib/fault.js'
import type { Log } from '../../lib/log.js'
import { type AuditedOutcome, type AuditedRequest, auditEvent } from './audit-event.js'

export interface AuditLog {
  /** To be told how it ended. */
  begin(request: AuditedRequest): (outcome: AuditedOutcome) => void
}

export interface AuditLogOptions {
  /** Takes whole lines. */
  readonly write: (line: string) => void
  readonly now: () => number
  readonly newId: () => string
}

export function createAuditLog({ write, now, newId }: AuditLogOptions): AuditLog {
  return {
    begin(request) {
      const [id, receivedAt] = [newId(), now()]
      return outcome => {
        const event = auditEvent(request, outcome, { id, receivedAt, completedAt: now() })
        write(`${JSON.stringify(event)}\n`)
      }
    },
  }
}

export interface LineFile {
  write(line: string): void
  close(): void
}

/** Then the file becomes `<path>.1`, and what was that is gone. */
const MAX_BYTES = 64 * 1024 * 1024

/**
 * Everything of one turn of the event loop is one write. It is in the page cache a moment after the answer, so only a
 * `kill -9` in that moment loses a line.
 *
 * @throws Error when the file cannot be opened
 */
export function openLineFile(options: {
  readonly path: string
  readonly log: Log
  readonly maxBytes?: number
}): LineFile {
  const { path, log, maxBytes = MAX_BYTES } = options
  let file = openSync(path, 'a', 0o600)
  let size = fstatSync(file).size
  let lines: string[] = []
  let failing = false

  const append = (text: string): void => {
    if (size > 0 && size + text.length > maxBytes) {
      if (existsSync(path)) renameSync(path, `${path}.1`)
      const fresh = openSync(path, 'a', 0o600)
      closeSync(file)
      file = fresh
      size = 0
    }
    appendFileSync(file, text)
    size += Buffer.byteLength(text)
  }

  const flush = (): void => {
    const text = lines.join('')
    lines = []
    if (text === '') return
    try {
      append(text)
      failing = false
    } catch (error) {
      // Once, not for each line: the disk is full, and our own log may be on it.
      if (!failing) log.error('writing the audit log failed', { path, error: describeError(error) })
      failing = true
    }
  }

  return {
    write(line) {
      if (lines.length === 0) setImmediate(flush)
      lines.push(line)
    },
    close() {
      flush()
      closeSync(file)
    },
  }
}
