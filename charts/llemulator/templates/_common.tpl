{{- define "llemulator.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "llemulator.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "llemulator.labels" -}}
{{ include "llemulator.selector" . }}
app.kubernetes.io/part-of: llemulator
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "llemulator.securityContext" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- /* Whether all replicas share a store; empty if not. */}}
{{- define "llemulator.shared" -}}
{{- if or .Values.store .Values.storeSecret .Values.valkey.enabled }}yes{{ end }}
{{- end }}

{{- /* Whether there is more than one replica; empty if not. */}}
{{- define "llemulator.replicated" -}}
{{- if or .Values.autoscaling.enabled (gt (int .Values.replicas) 1) }}
{{- if not (include "llemulator.shared" .) }}
{{- fail "several replicas need a store that they share: set store, storeSecret or valkey.enabled" }}
{{- end }}yes{{ end }}
{{- end }}

{{- define "llemulator.valkey.name" -}}
{{ include "llemulator.name" . }}-valkey
{{- end }}

{{- define "llemulator.valkey.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}-valkey
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "llemulator.valkey.labels" -}}
{{ include "llemulator.valkey.selector" . }}
app.kubernetes.io/part-of: llemulator
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "llemulator.store" -}}
- name: LLEMULATOR_STORE
  {{- if .Values.storeSecret }}
  valueFrom: {secretKeyRef: {name: {{ .Values.storeSecret }}, key: store}}
  {{- else }}
  value: {{ .Values.store | default (printf "redis://%s:6379" (include "llemulator.valkey.name" .)) | quote }}
  {{- end }}
{{- if .Values.sessionTtl }}
- name: LLEMULATOR_SESSION_TTL
  value: {{ .Values.sessionTtl | quote }}
{{- end }}
{{- if include "llemulator.replicated" . }}
- name: LLEMULATOR_DRAIN
  value: {{ .Values.drain | quote }}
{{- end }}
{{- end }}
