/** GitHub: `X-Hub-Signature-256` over the raw text, event types. */
import { Webhooks } from '@octokit/webhooks'
import { gitHostInterceptor, isForm } from './git-host.js'
import { fail, type InterceptorAnswer, type InterceptorInput, type InterceptorKind } from './interceptor.js'

const host = gitHostInterceptor({
  name: 'github',
  signatureHeader: 'X-Hub-Signature-256',
  eventHeader: 'X-GitHub-Event',
  settings: "in the webhook's settings at GitHub",
  rejection: 'payload signature check failed',
  isGenuine: verifySignature,
})

export const github: InterceptorKind = { ...host, run }

async function run(input: InterceptorInput): Promise<InterceptorAnswer> {
  if (isForm(input.event)) {
    return fail('form parameter encoding not supported, please change the hook to send JSON payloads')
  }
  for (const feature of ['addChangedFiles', 'githubOwners']) {
    if (isEnabled(input.params[feature])) {
      return fail(`${feature} of the github interceptor is not supported yet: remove it or set enabled to false`)
    }
  }
  return host.run(input)
}

/** `sha256=` and 64 lower-case hex digits, as GitHub writes it. The library compares in constant time. */
async function verifySignature(secret: string, rawBody: Uint8Array, signature: string): Promise<boolean> {
  if (rawBody.length === 0) return false
  // A body that is not UTF-8 reads differently here, and so has another signature: refused.
  return new Webhooks({ secret }).verify(new TextDecoder('utf-8', { ignoreBOM: true }).decode(rawBody), signature)
}

function isEnabled(feature: unknown): boolean {
  return typeof feature === 'object' && feature !== null && (feature as { enabled?: unknown }).enabled === true
}
