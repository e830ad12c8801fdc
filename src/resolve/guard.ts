/** Connections to allowed addresses only. The address that is checked is the one that is connected to: a name that changes its mind in between gains nothing. */
import { lookup as resolveName } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { type AllowList, addressProblem } from './addresses.js'
import { ResolutionError } from './resolver.js'

export interface Guard {
  /** For `connect` and `request`. They do not ask it about hosts that are addresses: those go to `check`. */
  readonly lookup: LookupFunction
  /** @throws ResolutionError when `host` is an address that is not allowed. */
  check(host: string): void
}

export function createGuard(allowed: AllowList): Guard {
  return {
    check(host) {
      const bare = host.replace(/^\[|\]$/g, '')
      const problem = isIP(bare) === 0 ? undefined : addressProblem(bare, bare, allowed)
      if (problem !== undefined) throw new ResolutionError(problem)
    },
    lookup(host, options, callback) {
      resolveName(host, { ...options, all: true }, (error, addresses) => {
        if (error) {
          callback(
            new ResolutionError(`the name "${host}" cannot be resolved: ${error.code ?? error.message}`, {
              temporary: true,
              cause: error,
            }),
            '',
          )
          return
        }
        const good = addresses.filter(({ address }) => addressProblem(host, address, allowed) === undefined)
        const [first] = good
        if (first === undefined) {
          const problem = addressProblem(host, addresses[0]?.address ?? '', allowed)
          callback(new ResolutionError(problem ?? `the name "${host}" has no address`), '')
        } else if (options.all) callback(null, good)
        else callback(null, first.address, first.family)
      })
    },
  }
}
