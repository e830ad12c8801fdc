{{/* What the dashboard asks of the API server by itself. What people do there is done with their token and their rights. */}}
{{- define "tektite.dashboardRules" -}}
# The list of runs, kept in memory; never a Secret.
- apiGroups: [tekton.dev]
  resources: [pipelineruns, taskruns, customruns]
  verbs: [get, list, watch]
# What happened to a run, told to those who may see the run.
- apiGroups: [""]
  resources: [events]
  verbs: [list]
# Whose output is asked for.
- apiGroups: [""]
  resources: [pods]
  verbs: [get]
# Its graph, drawn for those who may see it.
- apiGroups: [tekton.dev]
  resources: [pipelines]
  verbs: [get]
# A run of one is asked for.
- apiGroups: [tektite.dev]
  resources: [schedules]
  verbs: [get]
{{- end }}
