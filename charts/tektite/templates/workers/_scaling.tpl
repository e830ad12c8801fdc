{{/* Up at once, to twice as many; down slowly, since a burst seldom comes alone. */}}
{{- define "tektite.scalingBehavior" -}}
scaleUp:
  stabilizationWindowSeconds: 0
  policies:
    - { type: Percent, value: 100, periodSeconds: 15 }
    - { type: Pods, value: 2, periodSeconds: 15 }
  selectPolicy: Max
scaleDown:
  stabilizationWindowSeconds: {{ .Values.workers.autoscaling.scaleDownSeconds }}
  policies:
    - { type: Percent, value: 50, periodSeconds: 60 }
{{- end }}
