{{/* What workers ask of the API server, and what for. test/chart/rights.test.ts holds it against the calls they make. */}}
{{- define "tektite.workerRules" -}}
# The runs themselves. update: labels, annotations, cancelling a child. create: a task's TaskRun, a pipeline in a pipeline.
- apiGroups: [tekton.dev]
  resources: [pipelineruns, taskruns, customruns]
  verbs: [get, list, watch, create, update]
# Those that have been kept for as long as they are to be: docs/retention.md.
- apiGroups: [tekton.dev]
  resources: [pipelineruns, taskruns]
  verbs: [delete]
# How they fare. Of CustomRuns the status is their own controller's.
- apiGroups: [tekton.dev]
  resources: [pipelineruns/status, taskruns/status]
  verbs: [update]
# Where OwnerReferencesPermissionEnforcement is on (OpenShift): TaskRuns, Pods and claims name their run as owner.
- apiGroups: [tekton.dev]
  resources: [pipelineruns/finalizers, taskruns/finalizers]
  verbs: [update]
# What runs refer to.
- apiGroups: [tekton.dev]
  resources: [pipelines, tasks, stepactions]
  verbs: [get]
# What is fetched from elsewhere: asked for by a run, answered by a resolver.
- apiGroups: [resolution.tekton.dev]
  resources: [resolutionrequests]
  verbs: [get, list, watch, create]
# The answer.
- apiGroups: [resolution.tekton.dev]
  resources: [resolutionrequests/status]
  verbs: [update]
# One Pod for each try of a TaskRun. update: the annotations that let it start and stop. delete: cancelled, timed out.
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, create, update, delete]
{{- if .Values.rbac.podLogs }}
# The output of steps: its end for git hosts, all of it for a log store. rbac.podLogs
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
{{- end }}
# A workspace's volumeClaimTemplate. delete, and update to let go of it: tekton.dev/auto-cleanup-pvc.
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [get, create, update, delete]
# The entrypoint, once in each namespace with runs; scripts too long for annotations; settings of resolvers. delete: what
# stands under the name of the entrypoint and is not it.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, create, delete]
# Logins for git and registries of the run's ServiceAccount, tokens for resolvers and git status. Never listed: a name has to be known.
- apiGroups: [""]
  resources: [secrets, serviceaccounts]
  verbs: [get]
# Defaults that a namespace sets for containers.
- apiGroups: [""]
  resources: [limitranges]
  verbs: [list, watch]
# Whether it takes restricted Pods only: its label for Pod Security.
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get]
# What happened to a run, for `kubectl describe`. update: it happened again. list: it goes into the archive with its run.
- apiGroups: [""]
  resources: [events]
  verbs: [get, list, create, update]
{{- with .Values.rbac.extraWorkerRules }}
# rbac.extraWorkerRules
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Of things without a namespace: left out where an installation has one namespace. */}}
{{- define "tektite.workerClusterRules" -}}
# Which architecture a Pod's node will have, and so which entrypoint it needs.
- apiGroups: [""]
  resources: [nodes]
  verbs: [list]
# For how long a namespace keeps its runs: its annotations.
- apiGroups: [""]
  resources: [namespaces]
  verbs: [list, watch]
{{- end }}
