{{/* What a role is configured with: the file, and the environment that holds its secrets. Argument: root, role. */}}

{{/* The web role assumes no role in AWS, so it is not told the external ids. */}}
{{- define "alb502.config" -}}
{{- $config := deepCopy (.root.Values.config | default dict) -}}
{{- if and (eq .role "web") $config.accounts -}}
{{- $accounts := list -}}
{{- range $config.accounts -}}
{{- $accounts = append $accounts (omit . "external_id" "external_id_file") -}}
{{- end -}}
{{- $_ := set $config "accounts" $accounts -}}
{{- end -}}
{{- if kindIs "bool" (($config.remediations).mode) -}}
{{- $_ := set $config.remediations "mode" (include "alb502.mode" .root) -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{/* The files that accounts name, comma-separated, for who assumes roles. The last part of each is a key of the Secret. */}}
{{- define "alb502.externalIdFiles" -}}
{{- $files := list -}}
{{- if ne .role "web" -}}
{{- range (.root.Values.config).accounts -}}
{{- if .external_id_file -}}
{{- $files = append $files .external_id_file -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $files | uniq | sortAlpha | join "," -}}
{{- end -}}

{{/* Which entries of secrets.keys this role is given as environment variables, comma-separated. */}}
{{- define "alb502.secretKeys" -}}
{{- $keys := list -}}
{{- if ne .role "executor" -}}
{{- $keys = append $keys "slackBotToken" -}}
{{- end -}}
{{- if has .role (list "web" "all") -}}
{{- $keys = append $keys (ternary "slackAppToken" "slackSigningSecret" (eq .root.Values.slack.mode "socket")) -}}
{{- end -}}
{{- if and (ne .role "worker") (eq (include "alb502.mode" .root) "approve") -}}
{{- $keys = append $keys "approvalKey" -}}
{{- end -}}
{{- if eq .root.Values.redis.mode "external" -}}
{{- $keys = append $keys "redisUrl" -}}
{{- end -}}
{{- $keys | join "," -}}
{{- end -}}

{{/* Every key that the Secret has to hold, comma-separated. Argument: the root. */}}
{{- define "alb502.neededKeys" -}}
{{- $root := . -}}
{{- $needed := list -}}
{{- range $role := splitList "," (include "alb502.roles" .) -}}
{{- range splitList "," (include "alb502.secretKeys" (dict "root" $root "role" $role)) -}}
{{- $needed = append $needed (index $root.Values.secrets.keys .) -}}
{{- end -}}
{{- range splitList "," (include "alb502.externalIdFiles" (dict "root" $root "role" $role)) | compact -}}
{{- $needed = append $needed (base .) -}}
{{- end -}}
{{- end -}}
{{- $needed | uniq | sortAlpha | join "," -}}
{{- end -}}

{{- define "alb502.environment" -}}
{{- $variables := dict
  "slackBotToken" "SLACK_BOT_TOKEN"
  "slackAppToken" "SLACK_APP_TOKEN"
  "slackSigningSecret" "SLACK_SIGNING_SECRET"
  "approvalKey" "ALB502_REMEDIATIONS__APPROVAL_KEY"
  "redisUrl" "REDIS_URL" -}}
- name: ALB502_CONFIG
  value: /etc/alb502/alb502.yaml
- name: ALB502_STATE_DIR
  value: /var/lib/alb502
{{- with .root.Values.aws.region }}
- name: AWS_REGION
  value: {{ . }}
{{- end }}
{{- range splitList "," (include "alb502.secretKeys" .) }}
- name: {{ get $variables . }}
  valueFrom:
    secretKeyRef:
      name: {{ $.root.Values.secrets.name | quote }}
      key: {{ index $.root.Values.secrets.keys . | quote }}
{{- end }}
{{- if eq .root.Values.redis.mode "bundled" }}
- name: REDIS_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "alb502.fullname" .root }}-redis
      key: password
- name: REDIS_URL
  value: redis://alb502:$(REDIS_PASSWORD)@{{ include "alb502.fullname" .root }}-redis:6379/0
{{- end }}
{{- with .root.Values.pod.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Contradictions between values, each with what to change; what one value alone may be is in values.schema.json. */}}
{{- define "alb502.check" -}}
{{- $values := .Values -}}
{{- if not $values.image.repository -}}
{{- fail "image.repository is not set: build the project's Dockerfile, push the image to your registry, and name it here" -}}
{{- end -}}
{{- if and $values.ingress.enabled (not (include "alb502.isPublic" .)) -}}
{{- fail "ingress.enabled is true and nothing comes in: set slack.mode to http or config.alarms.sns_topics, or switch the ingress off" -}}
{{- end -}}
{{- if and $values.ingress.enabled (not $values.ingress.host) -}}
{{- fail "ingress.host is not set: the name that Slack and SNS call" -}}
{{- end -}}
{{- if and $values.secrets.external.enabled (not (and $values.secrets.external.store.name $values.secrets.external.remoteKey)) -}}
{{- fail "secrets.external.enabled needs secrets.external.store.name and secrets.external.remoteKey" -}}
{{- end -}}
{{- $most := ternary $values.web.autoscaling.maxReplicas $values.web.replicas $values.web.autoscaling.enabled -}}
{{- if and (eq $values.slack.mode "socket") (eq $values.roles "split") (gt (int $most) 9) -}}
{{- fail "web: Slack allows 10 connections of one app, and an update takes one more than there are replicas; use 9 or fewer, or slack.mode http" -}}
{{- end -}}
{{- range $role := list "web" "worker" -}}
{{- $scaling := (index $values $role).autoscaling -}}
{{- if and $scaling.enabled (gt (int $scaling.minReplicas) (int $scaling.maxReplicas)) -}}
{{- fail (printf "%s.autoscaling.minReplicas is more than %s.autoscaling.maxReplicas" $role $role) -}}
{{- end -}}
{{- end -}}
{{- $roles := splitList "," (include "alb502.roles" .) -}}
{{- $worker := $values.worker.serviceAccount -}}
{{- $executor := $values.executor.serviceAccount -}}
{{- if and (has "executor" $roles) $executor.awsRoleArn (eq $worker.awsRoleArn $executor.awsRoleArn) -}}
{{- fail "worker.serviceAccount.awsRoleArn and executor.serviceAccount.awsRoleArn are the same: only the executor may assume remediation roles" -}}
{{- end -}}
{{- $names := list -}}
{{- range $role := $roles -}}
{{- $names = append $names (include "alb502.serviceAccountName" (dict "root" $ "role" $role)) -}}
{{- end -}}
{{- if lt (len (uniq $names)) (len $names) -}}
{{- fail "serviceAccount.name: two roles have the same service account; each needs its own" -}}
{{- end -}}
{{- end -}}

{{/* docs/settings.md says why each line is needed. */}}
{{- define "alb502.redisConfig" -}}
port 6379
dir /data
aclfile /etc/valkey-users/users.acl
maxmemory {{ .Values.redis.bundled.maxmemory }}
maxmemory-policy noeviction
appendonly yes
appendfsync always
save ""
{{- end -}}
