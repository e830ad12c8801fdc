{{/* What Pods of this chart have in common: nothing of the host, and the restricted Pod Security standard. */}}
{{- define "tektite.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: {{ .user }}
runAsGroup: {{ .group }}
fsGroup: {{ .group }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "tektite.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{- define "tektite.placement" -}}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Over nodes and zones, as far as there are several. */}}
{{- define "tektite.spread" -}}
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "tektite.selectorLabels" $ | nindent 8 }}
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- end }}

{{/* Of both processes: see docs/operations.md, Flags. */}}
{{- define "tektite.environment" -}}
- { name: TEKTITE_LOG_LEVEL, value: {{ .Values.logLevel | quote }} }
- { name: TEKTITE_METRICS_PORT, value: "9090" }
- { name: SYSTEM_NAMESPACE, value: {{ include "tektite.systemNamespace" . | quote }} }
{{- if .Values.namespaced }}
- { name: TEKTITE_NAMESPACE, value: {{ .Release.Namespace | quote }} }
{{- end }}
- { name: REDIS_URL, value: {{ include "tektite.redis.url" . | quote }} }
- { name: TEKTITE_REDIS_PREFIX, value: {{ .Values.redis.prefix | quote }} }
{{- with include "tektite.redis.secret" . }}
- name: REDIS_PASSWORD
  valueFrom:
    secretKeyRef: { name: {{ . }}, key: {{ include "tektite.redis.secretKey" $ }} }
{{- end }}
{{- if include "tektite.redis.ca" . }}
- { name: REDIS_CA_FILE, value: /etc/tektite/redis/ca.crt }
{{- end }}
{{- end }}

{{- define "tektite.redis.caMount" -}}
{{- if include "tektite.redis.ca" . }}
- { name: redis-ca, mountPath: /etc/tektite/redis, readOnly: true }
{{- end }}
{{- end }}

{{- define "tektite.redis.caVolume" -}}
{{- with include "tektite.redis.ca" . }}
- name: redis-ca
  secret:
    secretName: {{ . }}
    items: [{ key: {{ $.Values.redis.external.caKey }}, path: ca.crt }]
{{- end }}
{{- end }}

{{/* A start is under a second; a minute leaves room for a Redis that starts at the same time. */}}
{{- define "tektite.probes" -}}
startupProbe:
  httpGet: { path: /livez, port: metrics }
  periodSeconds: 1
  failureThreshold: 60
livenessProbe:
  httpGet: { path: /livez, port: metrics }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: { path: /readyz, port: metrics }
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 2
{{- end }}

{{- define "tektite.redis.fullname" -}}
{{ include "tektite.fullname" . }}-redis
{{- end }}

{{- define "tektite.redis.url" -}}
{{- if .Values.redis.install -}}
redis://{{ include "tektite.redis.fullname" . }}.{{ .Release.Namespace }}.svc:6379
{{- else -}}
{{ required "redis.external.url is needed when redis.install is false, such as rediss://redis.example.com:6380" .Values.redis.external.url }}
{{- end }}
{{- end }}

{{- define "tektite.redis.secret" -}}
{{- if .Values.redis.install }}
{{- default (include "tektite.redis.fullname" .) .Values.redis.auth.existingSecret }}
{{- else }}
{{- .Values.redis.external.existingSecret }}
{{- end }}
{{- end }}

{{- define "tektite.redis.secretKey" -}}
{{- ternary .Values.redis.auth.key .Values.redis.external.key .Values.redis.install }}
{{- end }}

{{- define "tektite.redis.ca" -}}
{{- if not .Values.redis.install }}{{ .Values.redis.external.caSecret }}{{ end }}
{{- end }}
