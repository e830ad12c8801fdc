{{/*
A role with its binding to a ServiceAccount of this release. `root`; `kind`: Role or ClusterRole; `namespace`: of a Role;
`component`: listeners, workers or dashboard; `suffix`: of the name; `rules`: text.
*/}}
{{- define "tektite.boundRole" -}}
{{- $isOwn := and (eq .kind "Role") (eq .namespace .root.Release.Namespace) }}
{{- $name := printf "%s-%s%s" (ternary (include "tektite.fullname" .root) (include "tektite.clusterName" .root) $isOwn) .component (default "" .suffix) }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}
metadata:
  name: {{ $name }}
  {{- if eq .kind "Role" }}
  namespace: {{ .namespace }}
  {{- end }}
  labels:
    {{- include "tektite.labels" (dict "root" .root "component" .component) | nindent 4 }}
rules:
{{- .rules | trim | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}Binding
metadata:
  name: {{ $name }}
  {{- if eq .kind "Role" }}
  namespace: {{ .namespace }}
  {{- end }}
  labels:
    {{- include "tektite.labels" (dict "root" .root "component" .component) | nindent 4 }}
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: {{ .kind }}, name: {{ $name }} }
subjects:
  - { kind: ServiceAccount, name: {{ include "tektite.fullname" .root }}-{{ .component }}, namespace: {{ .root.Release.Namespace }} }
{{- end }}

{{/* Settings count at once, so they are followed. */}}
{{- define "tektite.settingsRules" -}}
# config-defaults, feature-flags, config-events and tektite-config: a change counts without a restart.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [list, watch]
{{- end }}
