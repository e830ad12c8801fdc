{{/* A schema could say no to 0, but not why. */}}
{{- define "tektite.checkReplicas" -}}
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
{{- end }}
