{{/* What git hosts are told to send to, as far as this chart can know. */}}
{{- define "tektite.publicUrl" -}}
{{- $listeners := .Values.listeners }}
{{- if $listeners.publicUrl -}}
{{ $listeners.publicUrl }}
{{- else if $listeners.ingress.enabled -}}
{{ ternary "https" "http" (ne $listeners.ingress.tlsSecretName "") }}://{{ $listeners.ingress.host }}
{{- else if and $listeners.route.enabled $listeners.route.hostnames -}}
https://{{ first $listeners.route.hostnames }}
{{- else -}}
http://{{ include "tektite.fullname" . }}-listeners.{{ .Release.Namespace }}.svc{{ if ne (int $listeners.service.port) 80 }}:{{ $listeners.service.port }}{{ end }}
{{- end }}
{{- end }}
