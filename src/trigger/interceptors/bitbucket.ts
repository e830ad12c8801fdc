/** Bitbucket Server and, for webhooks with a secret, Bitbucket Cloud sign alike: `X-Hub-Signature`. */
import { createHmac } from 'node:crypto'
import { equalInConstantTime, gitHostInterceptor } from './git-host.js'

export const bitbucket = gitHostInterceptor({
  name: 'bitbucket',
  signatureHeader: 'X-Hub-Signature',
  eventHeader: 'X-Event-Key',
  settings: "in the webhook's settings at Bitbucket",
  rejection: 'error validating signature: payload signature check failed',
  isGenuine: verifySignature,
})

function verifySignature(secret: string, rawBody: Uint8Array, signature: string): boolean {
  const algorithm = /^(sha1|sha256|sha512)=/.exec(signature)?.[1]
  if (algorithm === undefined) return false
  const expected = createHmac(algorithm, secret).update(rawBody).digest('hex')
  return equalInConstantTime(`${algorithm}=${expected}`, signature)
}
