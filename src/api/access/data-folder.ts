/** What is kept about access in the data folder: tokens, users and the audit log. */
import { randomBytes, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '../../lib/log.js'
import { writeFileAtomically } from '../../storage/write-file.js'
import { type AuditLog, createAuditLog, openLineFile } from './audit-log.js'
import { builtInUser, parseTokenFile, type Role, type TokenUser } from './users.js'

export interface AccessOptions {
  readonly dataDir: string
  /** Users besides those whose tokens are in the data folder: Kubernetes' static token file. */
  readonly tokenAuthFile?: string | undefined
  /** `-`: standard output; `off`: none; otherwise a file, by default one in the data folder. */
  readonly auditLogPath?: string | undefined
  readonly stdout: { write(text: string): unknown }
  readonly log: Log
  readonly now: () => number
}

export interface Access {
  readonly tokens: Readonly<Record<Role, string>>
  /** All but the admin of the data folder. */
  readonly users: readonly TokenUser[]
  readonly auditLog: AuditLog | undefined
  close(): void
}

export async function openAccess(options: AccessOptions): Promise<Access> {
  const { dataDir, tokenAuthFile } = options
  const tokens = {
    admin: await readOrMakeToken(join(dataDir, 'token')),
    view: await readOrMakeToken(join(dataDir, 'view-token')),
  }
  const more = tokenAuthFile === undefined ? [] : await readUsers(tokenAuthFile)
  const { auditLog, close } = openAudit(options)
  return { tokens, users: [{ token: tokens.view, user: builtInUser('view') }, ...more], auditLog, close }
}

/** Stays the same over restarts, so that what was told it goes on working. Readable by its owner only. */
async function readOrMakeToken(file: string): Promise<string> {
  const written = await readFile(file, 'utf8').catch(() => '')
  if (written.trim() !== '') return written.trim()
  const token = randomBytes(24).toString('base64url')
  await writeFileAtomically(file, `${token}\n`, 0o600)
  return token
}

async function readUsers(file: string): Promise<readonly TokenUser[]> {
  try {
    return parseTokenFile(await readFile(file, 'utf8'))
  } catch (cause) {
    throw new Error(`--token-auth-file ${file}`, { cause })
  }
}

function openAudit(options: AccessOptions): Pick<Access, 'auditLog' | 'close'> {
  const { dataDir, auditLogPath: path = join(dataDir, 'audit.log'), stdout, log, now } = options
  if (path === 'off') return { auditLog: undefined, close() {} }
  const lines =
    path === '-' ? { write: (line: string) => void stdout.write(line), close() {} } : openLineFile({ path, log })
  return { auditLog: createAuditLog({ write: lines.write, now, newId: randomUUID }), close: lines.close }
}
