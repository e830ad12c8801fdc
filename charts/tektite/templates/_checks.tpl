{{/* What a schema could refuse, but not say why. */}}
{{- define "tektite.check" -}}
{{- $workers := .Values.workers }}
{{- $why := "only workers see new runs, the events of Pods and timeouts, so with none of them nothing would ever start one. Give at least 1; to pause an installation: kubectl scale --replicas=0" }}
{{- if eq (int $workers.replicas) 0 }}
{{- fail (printf "workers.replicas is 0: %s" $why) }}
{{- end }}
{{- with $workers.autoscaling }}
{{- if eq (int .minReplicas) 0 }}
{{- fail (printf "workers.autoscaling.minReplicas is 0: %s" $why) }}
{{- end }}
{{- if gt (int .minReplicas) (int .maxReplicas) }}
{{- fail (printf "workers.autoscaling.minReplicas is %d, and maxReplicas is %d: it must be at least as much" (int .minReplicas) (int .maxReplicas)) }}
{{- end }}
{{- end }}
{{- if and .Values.listeners.ingress.enabled .Values.listeners.route.enabled }}
{{- fail "listeners.ingress.enabled and listeners.route.enabled are both true: one of them takes webhooks in" }}
{{- end }}
{{- if and .Values.listeners.route.enabled (not .Values.listeners.route.parentRefs) }}
{{- fail "listeners.route.parentRefs is needed for a route: the Gateway it belongs to" }}
{{- end }}
{{- with .Values.logs }}
{{- if and .store .persistentVolumeClaim }}
{{- fail "logs.store and logs.persistentVolumeClaim are both set: the output of steps is kept in one of them" }}
{{- end }}
{{- if and (or .store .persistentVolumeClaim) (not $.Values.rbac.podLogs) }}
{{- fail "logs are to be kept and rbac.podLogs is false: workers may not read them then" }}
{{- end }}
{{- if and (or .existingSecret .caSecret) (not .store) }}
{{- fail "logs.existingSecret or logs.caSecret is set and logs.store is not: there is no store to be let in to" }}
{{- end }}
{{- end }}
{{- if .Values.namespaced }}
{{- if .Values.namespaces }}
{{- fail "namespaces is set and namespaced is true: an installation in one namespace makes no others" }}
{{- end }}
{{- if .Values.admissionWebhook.enabled }}
{{- fail "admissionWebhook.enabled and namespaced are both true: a ValidatingWebhookConfiguration belongs to the cluster" }}
{{- end }}
{{- if ne (include "tektite.systemNamespace" .) .Release.Namespace }}
{{- fail (printf "systemNamespace is %q and namespaced is true: an installation in one namespace has its settings there too" .Values.systemNamespace) }}
{{- end }}
{{- end }}
{{- end }}
