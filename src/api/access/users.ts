/** Who may ask, and what they are called. */

/** As `kubectl auth whoami` shows it. */
export interface User {
  readonly name: string
  readonly uid?: string
  readonly groups: readonly string[]
  /** A service account that is acted as. It has no rights of its own here: those of this user count. */
  readonly actsAs?: string
}

/** May do everything; may look at everything but Secrets. */
export type Role = 'admin' | 'view'

export interface TokenUser {
  readonly token: string
  readonly user: User
}

const AUTHENTICATED = 'system:authenticated'

/** The user whose token is in the data folder. */
export function builtInUser(role: Role): User {
  return { name: `tektite:${role}`, groups: [`tektite:${role}`, AUTHENTICATED] }
}

/** The one that may more, of those that the groups name. */
export function roleOf({ groups }: Pick<User, 'groups'>): Role | undefined {
  if (groups.includes('tektite:admin')) return 'admin'
  return groups.includes('tektite:view') ? 'view' : undefined
}

const SERVICE_ACCOUNT = /^system:serviceaccount:([a-z0-9-]+):([a-z0-9.-]+)$/

/** As Kubernetes knows it, by its user name; undefined for who is none. */
export function serviceAccount(name: string): User | undefined {
  const [, namespace] = SERVICE_ACCOUNT.exec(name) ?? []
  if (namespace === undefined) return undefined
  return { name, groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, AUTHENTICATED] }
}

/** As Kubernetes writes it. */
export function userInfo({ name, uid, groups }: User): object {
  return { username: name, ...(uid !== undefined && { uid }), groups }
}

/**
 * Kubernetes' static token file: lines of `token,user,uid,"group,group"`, the last two as may be.
 *
 * @throws Error naming the line
 */
export function parseTokenFile(text: string): readonly TokenUser[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return []
    const [token = '', name = '', uid = '', groups = ''] = cellsOf(line)
    const user = {
      name,
      ...(uid !== '' && { uid }),
      groups: [...groups.split(',').map(group => group.trim()), AUTHENTICATED].filter(group => group !== ''),
    }
    // Without the line itself: it holds a token.
    const problem = (what: string) => new Error(`line ${index + 1} ${what}; a line is token,user,uid,"group,group"`)
    if (token === '' || name === '') throw problem('has no token, or no user')
    if (roleOf(user) === undefined) throw problem('names neither the group tektite:admin nor tektite:view')
    return [{ token, user }]
  })
}

function cellsOf(line: string): readonly string[] {
  return [...line.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]*))\s*(?:,|$)/g)].map(([, quoted, plain = '']) =>
    quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"'),
  )
}
