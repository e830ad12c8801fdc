/** `status.provenance`: where what a run runs came from, and with which settings it is carried out, as Tekton spells them. */
import type { Provenance, RefSource } from '../resources/tekton.js'
import type { Settings } from '../run/settings.js'

/** Empty when the installation does not want it, and when the run has it: it says how the run began. */
export function provenanceOf(
  before: Provenance | undefined,
  settings: Settings,
  refSource?: RefSource,
): { readonly provenance?: Provenance } {
  if (!settings.flags.enableProvenanceInStatus || before?.featureFlags !== undefined) return {}
  return { provenance: { ...before, ...(refSource && { refSource }), featureFlags: featureFlags(settings) } }
}

/** What is off or empty is left out. */
function featureFlags({ flags }: Settings): Readonly<Record<string, unknown>> {
  const named = {
    disableCredsInit: flags.disableCredsInit,
    runningInEnvWithInjectedSidecars: flags.runningInEnvironmentWithInjectedSidecars,
    requireGitSSHSecretKnownHosts: flags.requireGitSshSecretKnownHosts,
    enableAPIFields: flags.enableApiFields,
    // Without effect in Tekton too, but part of what it shows.
    sendCloudEventsForRuns: true,
    awaitSidecarReadiness: flags.awaitSidecarReadiness,
    enforceNonfalsifiability: 'none',
    enableKeepPodOnCancel: flags.keepPodOnCancel,
    verificationNoMatchPolicy: 'ignore',
    enableProvenanceInStatus: flags.enableProvenanceInStatus,
    resultExtractionMethod: flags.resultsFrom,
    maxResultSize: flags.maxResultSize,
    setSecurityContext: flags.setSecurityContext,
    setSecurityContextReadOnlyRootFilesystem: flags.setSecurityContextReadOnlyRootFilesystem,
    coschedule: flags.coschedule,
    enableCELInWhenExpression: flags.enableCelInWhenexpression,
    enableStepActions: true,
    enableParamEnum: flags.enableParamEnum,
    enableArtifacts: flags.enableArtifacts,
    disableInlineSpec: flags.disableInlineSpec.join(','),
    enableConciseResolverSyntax: flags.enableConciseResolverSyntax,
    enableKubernetesSidecar: flags.enableKubernetesSidecar,
    enableTerminationMessageCompression: flags.enableTerminationMessageCompression,
  }
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== false && value !== ''))
}
