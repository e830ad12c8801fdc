{{- define "tektite.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* 40 characters: the longest name that is made of it has 23 more. */}}
{{- define "tektite.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- $name := include "tektite.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{/* Of objects without a namespace: two releases of one name may be there. */}}
{{- define "tektite.clusterName" -}}
{{- printf "%s-%s" .Release.Namespace (include "tektite.fullname" .) | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "tektite.systemNamespace" -}}
{{- default .Release.Namespace .Values.systemNamespace }}
{{- end }}

{{/*
What a selector may hold: it can never be changed. `root`; `component`: without, listeners and workers; `name`: of what is
no process of ours.
*/}}
{{- define "tektite.selectorLabels" -}}
app.kubernetes.io/name: {{ default (include "tektite.name" .root) .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{- define "tektite.labels" -}}
{{ include "tektite.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: tektite
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "tektite.image" -}}
{{- with .image }}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ default $.version .tag }}{{ end }}
{{- end }}
{{- end }}

{{/* "true" when an object that is there is of this release, or nobody has it yet. */}}
{{- define "tektite.isOurs" -}}
{{- if not .there -}}
true
{{- else }}
{{- $annotations := default dict .there.metadata.annotations }}
{{- $name := index $annotations "meta.helm.sh/release-name" }}
{{- $namespace := index $annotations "meta.helm.sh/release-namespace" }}
{{- if and (eq (default "" $name) .root.Release.Name) (eq (default "" $namespace) .root.Release.Namespace) -}}
true
{{- end }}
{{- end }}
{{- end }}

{{- define "tektite.triggerRole" -}}
{{- ternary (include "tektite.fullname" .) (include "tektite.clusterName" .) .Values.namespaced }}-triggers
{{- end }}
