{{- define "tektite.webhook.secret" -}}
{{- default (printf "%s-webhook" (include "tektite.fullname" .)) .Values.admissionWebhook.existingSecret }}
{{- end }}
