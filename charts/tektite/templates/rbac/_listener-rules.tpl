{{/* What listeners ask of the API server, and what for. test/chart/rights.test.ts holds it against the calls they make. */}}
{{- define "tektite.listenerRules" -}}
# What says which event makes what.
- apiGroups: [triggers.tekton.dev]
  resources: [eventlisteners, triggers, triggerbindings, triggertemplates, interceptors]
  verbs: [get, list, watch]
# Their addresses, and what is wrong with them.
- apiGroups: [triggers.tekton.dev]
  resources: [eventlisteners/status, interceptors/status]
  verbs: [update]
# Runs by the clock.
- apiGroups: [tektite.dev]
  resources: [schedules]
  verbs: [get, list, watch]
# When they went last, and will go next.
- apiGroups: [tektite.dev]
  resources: [schedules/status]
  verbs: [update]
# Triggers and Schedules create with the rights of their ServiceAccount, never with ours; what we need is to look. get: made
# before, by a listener that died. list and watch, update and delete: of a Schedule's runs, which of them still go, the one to
# replace, those that its history does not keep.
- apiGroups: [tekton.dev]
  resources: [pipelineruns, taskruns, customruns]
  verbs: [get, list, watch, update, delete]
# What webhooks are signed with, and tokens for interceptors. Never listed: a name has to be known.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get]
{{- with .Values.rbac.extraListenerRules }}
# rbac.extraListenerRules
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Of things without a namespace: left out where an installation has one namespace. */}}
{{- define "tektite.listenerClusterRules" -}}
# What triggers of every namespace may refer to.
- apiGroups: [triggers.tekton.dev]
  resources: [clustertriggerbindings, clusterinterceptors]
  verbs: [get, list, watch]
# Their addresses.
- apiGroups: [triggers.tekton.dev]
  resources: [clusterinterceptors/status]
  verbs: [update]
# Which hosts interceptors may be asked at, beyond the public ones.
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [tektite-config]
  verbs: [get]
{{- end }}

{{/* Whoever holds it can do what these accounts can do: docs/operations.md, Security. */}}
{{- define "tektite.impersonationRules" -}}
# To create what a trigger's template says with the rights of the trigger's ServiceAccount.
- apiGroups: [""]
  resources: [serviceaccounts]
  {{- with .Values.rbac.impersonate.serviceAccounts }}
  resourceNames: [{{ join ", " . }}]
  {{- end }}
  verbs: [impersonate]
{{- end }}
