/** The built dashboard as a web server gives it out. It holds no data: whoever asks for some needs a token. */
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'

export const DASHBOARD_PATH = '/dashboard/'

export interface StaticAnswer {
  readonly code: 200 | 302 | 304 | 404 | 405
  readonly headers: Readonly<Record<string, string>>
  /** Absent: nothing to send, as for HEAD. */
  readonly body?: NodeJS.ReadableStream | string
}

/** Undefined: the path is not the dashboard's. */
export type AnswerStatic = (
  method: string,
  path: string,
  headers: IncomingHttpHeaders,
) => Promise<StaticAnswer | undefined>

/**
 * Scripts and styles of our own files, requests to our own origin, nothing inline, no frames: a name or a log line that
 * is shown by mistake as HTML still runs nothing.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const SECURITY_HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
}

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  woff2: 'font/woff2',
  json: 'application/json',
}

const INDEX = 'index.html'
/** It may be built anew while it is served. */
const LISTED_MS = 1_000
/** Vite puts a hash of the content into the names there. */
const HASHED = /^assets\//

interface File {
  readonly bytes: number
  readonly etag: string
}

/** Without a built dashboard every path of it says how one is built. */
export function openStaticFiles(folder: string): AnswerStatic {
  let listed = { files: filesIn(folder), until: performance.now() + LISTED_MS }
  return async (method, path, headers) => {
    if (path === '/dashboard' || (path === '/' && /\btext\/html\b/.test(headers.accept ?? '')))
      return { code: 302, headers: { ...SECURITY_HEADERS, location: DASHBOARD_PATH } }
    if (!path.startsWith(DASHBOARD_PATH)) return undefined
    if (method !== 'GET' && method !== 'HEAD') return said(405, `${method} is not for ${path}: GET it`)
    if (performance.now() > listed.until) listed = { files: filesIn(folder), until: performance.now() + LISTED_MS }
    const files = await listed.files
    const asked = path.slice(DASHBOARD_PATH.length)
    // Addresses of pages are the page's own affair: `runs/default/x` is no file, and gives the page.
    const name = files.has(asked) ? asked : asked.startsWith('assets/') ? undefined : INDEX
    if (name === undefined) return said(404, `there is no ${path}: reload the page, a newer version may be running`)
    if (!files.has(name)) return said(404, 'the dashboard is not built: run "npm run build"')
    const compressed = /\bbr\b/.test(String(headers['accept-encoding'] ?? '')) && files.has(`${name}.br`)
    const { bytes, etag } = files.get(compressed ? `${name}.br` : name) as File
    const common = {
      ...SECURITY_HEADERS,
      etag,
      vary: 'accept-encoding',
      'cache-control': HASHED.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache',
    }
    if (headers['if-none-match'] === etag) return { code: 304, headers: common }
    return {
      code: 200,
      headers: {
        ...common,
        'content-type': TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream',
        'content-length': String(bytes),
        ...(compressed && { 'content-encoding': 'br' }),
      },
      ...(method === 'GET' && { body: createReadStream(join(folder, compressed ? `${name}.br` : name)) }),
    }
  }
}

function said(code: 404 | 405, text: string): StaticAnswer {
  return { code, headers: { ...SECURITY_HEADERS, 'content-type': 'text/plain; charset=utf-8' }, body: `${text}\n` }
}

/** A request names one of these, or none, and never a path of this machine. */
async function filesIn(folder: string): Promise<ReadonlyMap<string, File>> {
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const found = await Promise.all(
    names.map(async name => {
      const found = await stat(join(folder, name)).catch(() => undefined)
      if (!found?.isFile()) return []
      const etag = `"${found.size.toString(36)}-${Math.trunc(found.mtimeMs).toString(36)}"`
      return [[name, { bytes: found.size, etag }] as const]
    }),
  )
  return new Map(found.flat())
}
