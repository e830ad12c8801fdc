{{- define "tektite.redis.component" -}}
{{- dict "component" "redis" "name" (printf "%s-redis" (include "tektite.name" .)) | toYaml }}
{{- end }}

{{- define "tektite.redis.config" -}}
port 6379
bind * -::*
dir /data
appendonly yes
appendfsync {{ .Values.redis.appendfsync }}
# The append-only file is all that is needed.
save ""
maxmemory {{ .Values.redis.maxMemory }}
# A queue that forgets is none: what does not fit is refused.
maxmemory-policy noeviction
{{- end }}
