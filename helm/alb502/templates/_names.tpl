{{/* Names, labels, security contexts and the questions that several templates ask. */}}

{{/* 45 characters leave room for the longest suffix in a name of 63. */}}
{{- define "alb502.fullname" -}}
{{- $name := .Values.fullnameOverride -}}
{{- if not $name -}}
{{- $name = ternary .Release.Name (printf "%s-alb502" .Release.Name) (contains "alb502" .Release.Name) -}}
{{- end -}}
{{- $name | trunc 45 | trimSuffix "-" -}}
{{- end -}}

{{/* What never changes between versions: Kubernetes does not let selectors change. Argument: root, component. */}}
{{- define "alb502.selectorLabels" -}}
app.kubernetes.io/name: alb502
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* The bot's own pods, whatever their role. */}}
{{- define "alb502.opsLabels" -}}
app.kubernetes.io/name: alb502
app.kubernetes.io/instance: {{ .Release.Name | quote }}
alb502/ops: "true"
{{- end -}}

{{- define "alb502.labels" -}}
{{ include "alb502.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* `off` without quotes is a boolean in YAML 1.1, which Helm reads. */}}
{{- define "alb502.mode" -}}
{{- $mode := ((.Values.config).remediations).mode -}}
{{- ternary "off" ($mode | default "suggest") (kindIs "bool" $mode) -}}
{{- end -}}

{{/* The roles of this release, comma-separated. An executor is worth nothing where nothing may be approved. */}}
{{- define "alb502.roles" -}}
{{- if eq .Values.roles "all" -}}
all
{{- else if eq (include "alb502.mode" .) "approve" -}}
web,worker,executor
{{- else -}}
web,worker
{{- end -}}
{{- end -}}

{{/* The role that takes requests. */}}
{{- define "alb502.frontRole" -}}
{{- ternary "all" "web" (eq .Values.roles "all") -}}
{{- end -}}

{{- define "alb502.hasTopics" -}}
{{- if ((.Values.config).alarms).sns_topics -}}true{{- end -}}
{{- end -}}

{{/* Whether anything comes in by the public port. */}}
{{- define "alb502.isPublic" -}}
{{- if or (eq .Values.slack.mode "http") (include "alb502.hasTopics" .) -}}true{{- end -}}
{{- end -}}

{{/* Argument: root, role. */}}
{{- define "alb502.serviceAccountName" -}}
{{- $account := (index .root.Values .role).serviceAccount -}}
{{- $account.name | default (printf "%s-%s" (include "alb502.fullname" .root) .role) -}}
{{- end -}}

{{- define "alb502.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "alb502.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "alb502.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
{{- end -}}
