/** Connections to allowed addresses only. The address that is checked is the one that is connected to: a name that changes its mind in between gains nothing. */
import { type LookupAddress, type LookupAllOptions, lookup as resolveName } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import type { AddressRule } from './addresses.js'
import { FetchError } from './fetch-error.js'

export interface Guard {
  /** For `connect` and `request`. They do not ask it about hosts that are addresses: those go to `check`. */
  readonly lookup: LookupFunction
  /** @throws FetchError when `host` is an address that is not allowed. */
  check(host: string): void
}

/** As node:dns finds all addresses of a name. */
export type ResolveName = (
  host: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

export function createGuard(rule: AddressRule, resolve: ResolveName = resolveName): Guard {
  return {
    check(host) {
      const bare = host.replace(/^\[|\]$/g, '')
      const problem = isIP(bare) === 0 ? undefined : rule(bare, bare)
      if (problem !== undefined) throw new FetchError(problem)
    },
    lookup(host, options, callback) {
      resolve(host, { ...options, all: true }, (error, addresses) => {
        if (error) {
          const message = `the name "${host}" cannot be resolved: ${error.code ?? error.message}`
          callback(new FetchError(message, { temporary: true, cause: error }), '')
          return
        }
        const good = addresses.filter(({ address }) => rule(host, address) === undefined)
        const [first] = good
        if (first === undefined) {
          const problem = rule(host, addresses[0]?.address ?? '')
          callback(new FetchError(problem ?? `the name "${host}" has no address`), '')
        } else if (options.all) callback(null, good)
        else callback(null, first.address, first.family)
      })
    },
  }
}
