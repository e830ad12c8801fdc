/** GitHub: `X-Hub-Signature-256` over the raw text, event types; then the files that changed, or who may have runs. */
import { Webhooks } from '@octokit/webhooks'
import type { SecretRef } from '../../resources/triggers.js'
import { headerValues } from '../event.js'
import { asSecretRef } from '../secrets.js'
import { gitHostInterceptor, isForm } from './git-host.js'
import { addChangedFiles } from './github-changed-files.js'
import { checkOwners } from './github-owners.js'
import { fail, type InterceptorAnswer, type InterceptorInput, type InterceptorKind } from './interceptor.js'
import { GITHUB_PARAMS } from './params.js'

const host = gitHostInterceptor({
  name: 'github',
  signatureHeader: 'X-Hub-Signature-256',
  eventHeader: 'X-GitHub-Event',
  settings: "in the webhook's settings at GitHub",
  rejection: 'payload signature check failed',
  params: GITHUB_PARAMS,
  isGenuine: verifySignature,
})

export const github: InterceptorKind = { ...host, params: GITHUB_PARAMS, run, secretRefs }

async function run(input: InterceptorInput): Promise<InterceptorAnswer> {
  if (isForm(input.event)) {
    return fail('form parameter encoding not supported, please change the hook to send JSON payloads')
  }
  const answer = await host.run(input)
  if (answer.is !== 'continue') return answer
  const eventType = headerValues(input.event, 'X-GitHub-Event')[0] ?? ''
  // As in Tekton, whoever asks for the files has no check of owners.
  const changedFiles = enabledFeature(input.params, 'addChangedFiles')
  if (changedFiles !== undefined) return addChangedFiles(input, eventType, changedFiles)
  const owners = enabledFeature(input.params, 'githubOwners')
  return owners === undefined ? answer : checkOwners(input, eventType, owners)
}

function secretRefs(params: Readonly<Record<string, unknown>>): readonly SecretRef[] {
  const tokens = ['addChangedFiles', 'githubOwners'].flatMap(name => {
    const ref = asSecretRef(enabledFeature(params, name)?.['personalAccessToken'])
    return ref === undefined ? [] : [ref]
  })
  return [...host.secretRefs(params), ...tokens]
}

/** `sha256=` and 64 lower-case hex digits, as GitHub writes it. The library compares in constant time. */
async function verifySignature(secret: string, rawBody: Uint8Array, signature: string): Promise<boolean> {
  if (rawBody.length === 0) return false
  // A body that is not UTF-8 reads differently here, and so has another signature: refused.
  return verifierOf(secret).verify(TEXT.decode(rawBody), signature)
}

const TEXT = new TextDecoder('utf-8', { ignoreBOM: true })
/** Making one costs as much as a signature. */
const MAX_VERIFIERS = 100
const verifiers = new Map<string, Webhooks>()

function verifierOf(secret: string): Webhooks {
  const known = verifiers.get(secret)
  if (known !== undefined) return known
  if (verifiers.size >= MAX_VERIFIERS) verifiers.clear()
  const made = new Webhooks({ secret })
  verifiers.set(secret, made)
  return made
}

function enabledFeature(
  params: Readonly<Record<string, unknown>>,
  name: string,
): Readonly<Record<string, unknown>> | undefined {
  const feature = params[name] as Readonly<Record<string, unknown>> | null | undefined
  return feature?.['enabled'] === true ? feature : undefined
}
