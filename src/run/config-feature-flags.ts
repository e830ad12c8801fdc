/** ConfigMap `feature-flags`. As Tekton's pkg/apis/config/feature_flags.go. */
import type { Problem } from '../resources/problem.js'
import { boolean, type ConfigData, createConfigReader, goInteger, oneOf, type Reading, value } from './config-text.js'
import type { FeatureFlags } from './settings.js'
import { goQuote } from './validate/quote.js'

/** What the ConfigMap sets, over `base`. */
export function readFeatureFlags(
  data: ConfigData,
  base: FeatureFlags,
): { readonly flags: FeatureFlags; readonly problems: readonly Problem[] } {
  const { read, problems } = createConfigReader(data)
  const flag = (key: string, fallback: boolean): boolean => read(key, fallback, boolean(false))
  const named = (key: string, fallback: boolean): boolean => read(key, fallback, boolean(true))
  const flags: FeatureFlags = {
    disableCredsInit: flag('disable-creds-init', base.disableCredsInit),
    runningInEnvironmentWithInjectedSidecars: flag(
      'running-in-environment-with-injected-sidecars',
      base.runningInEnvironmentWithInjectedSidecars,
    ),
    awaitSidecarReadiness: flag('await-sidecar-readiness', base.awaitSidecarReadiness),
    requireGitSshSecretKnownHosts: flag('require-git-ssh-secret-known-hosts', base.requireGitSshSecretKnownHosts),
    enableApiFields: read('enable-api-fields', base.enableApiFields, oneOf(['alpha', 'beta', 'stable'])),
    sendCloudeventsForRuns: flag('send-cloudevents-for-runs', base.sendCloudeventsForRuns),
    trustedResourcesVerificationNoMatchPolicy: read(
      'trusted-resources-verification-no-match-policy',
      base.trustedResourcesVerificationNoMatchPolicy,
      oneOf(['fail', 'warn', 'ignore']),
    ),
    enableProvenanceInStatus: flag('enable-provenance-in-status', base.enableProvenanceInStatus),
    resultsFrom: read('results-from', base.resultsFrom, oneOf(['termination-message', 'sidecar-logs'])),
    maxResultSize: read('max-result-size', base.maxResultSize, resultSize),
    keepPodOnCancel: named('keep-pod-on-cancel', base.keepPodOnCancel),
    enforceNonfalsifiability: read(
      'enforce-nonfalsifiability',
      base.enforceNonfalsifiability,
      oneOf(['none', 'spire']),
    ),
    setSecurityContext: flag('set-security-context', base.setSecurityContext),
    setSecurityContextReadOnlyRootFilesystem: flag(
      'set-security-context-read-only-root-filesystem',
      base.setSecurityContextReadOnlyRootFilesystem,
    ),
    coschedule: read(
      'coschedule',
      base.coschedule,
      oneOf(['disabled', 'workspaces', 'pipelineruns', 'isolate-pipelinerun']),
    ),
    enableCelInWhenexpression: named('enable-cel-in-whenexpression', base.enableCelInWhenexpression),
    enableParamEnum: named('enable-param-enum', base.enableParamEnum),
    enableArtifacts: named('enable-artifacts', base.enableArtifacts),
    disableInlineSpec: read('disable-inline-spec', base.disableInlineSpec, places),
    enableConciseResolverSyntax: named('enable-concise-resolver-syntax', base.enableConciseResolverSyntax),
    enableKubernetesSidecar: flag('enable-kubernetes-sidecar', base.enableKubernetesSidecar),
    enableWaitExponentialBackoff: flag('enable-wait-exponential-backoff', base.enableWaitExponentialBackoff),
    enableTerminationMessageCompression: named(
      'enable-termination-message-compression',
      base.enableTerminationMessageCompression,
    ),
  }
  return { flags, problems }
}

/** The size that an object in etcd may not exceed. */
const CRD_LIMIT_BYTES = 1_572_864

function resultSize(written: string): Reading<number> {
  const bytes = goInteger(written)
  if (bytes === undefined) {
    const hint = 'max-result-size is a whole number of bytes'
    return { is: 'wrong', message: `strconv.Atoi: parsing ${goQuote(written)}: invalid syntax`, hint }
  }
  // It does name another flag; so does Tekton.
  const message = `invalid value for feature flag "results-from": "${bytes}". This is exceeding the CRD limit`
  const hint = `max-result-size must be less than ${CRD_LIMIT_BYTES}`
  return bytes >= CRD_LIMIT_BYTES ? { is: 'wrong', message, hint } : value(bytes)
}

function places(written: string): Reading<readonly string[]> {
  return value(
    written
      .split(',')
      .map(place => place.trim())
      .filter(place => place !== ''),
  )
}
