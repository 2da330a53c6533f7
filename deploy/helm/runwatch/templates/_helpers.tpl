{{- define "runwatch.labels" -}}
app.kubernetes.io/name: runwatch
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "runwatch.selector" -}}
app.kubernetes.io/name: runwatch
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "runwatch.name" -}}
{{ printf "%s-runwatch" .Release.Name | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "runwatch.valkey" -}}
{{ include "runwatch.name" . }}-valkey
{{- end }}

{{- define "runwatch.valkeySelector" -}}
app.kubernetes.io/name: valkey
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
