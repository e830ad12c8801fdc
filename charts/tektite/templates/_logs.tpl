{{/* Where the output of steps is kept, for whoever writes or reads it: variables, mounts, volumes. */}}
{{- define "tektite.logs.environment" -}}
{{- with .Values.logs }}
{{- if .persistentVolumeClaim }}
- { name: TEKTITE_LOG_STORE, value: file:///var/lib/tektite/logs }
{{- end }}
{{- with .store }}
- { name: TEKTITE_LOG_STORE, value: {{ . | quote }} }
{{- end }}
{{- if .caSecret }}
- { name: TEKTITE_LOG_STORE_CA_FILE, value: /etc/tektite/log-store/ca.crt }
{{- end }}
{{- with .existingSecret }}
{{- $secret := . }}
{{- range list "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY" }}
- name: {{ . }}
  valueFrom:
    secretKeyRef: { name: {{ $secret }}, key: {{ . }} }
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "tektite.logs.mounts" -}}
{{- if .Values.logs.persistentVolumeClaim }}
- { name: logs, mountPath: /var/lib/tektite/logs }
{{- end }}
{{- if .Values.logs.caSecret }}
- { name: log-store-ca, mountPath: /etc/tektite/log-store, readOnly: true }
{{- end }}
{{- end }}

{{- define "tektite.logs.volumes" -}}
{{- with .Values.logs.persistentVolumeClaim }}
- name: logs
  persistentVolumeClaim: { claimName: {{ . }} }
{{- end }}
{{- with .Values.logs.caSecret }}
- name: log-store-ca
  secret:
    secretName: {{ . }}
    items: [{ key: {{ $.Values.logs.caKey }}, path: ca.crt }]
{{- end }}
{{- end }}
