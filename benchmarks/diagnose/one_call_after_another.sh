#!/usr/bin/env bash
# What a person with the AWS CLI and a troubleshooting checklist does: eleven questions, one after another.
# CLUSTER and SERVICE name the service; AWS_ENDPOINT_URL and AWS_REGION come from the environment.
set -euo pipefail
ask() { aws --output "${FORMAT:-json}" "$@"; }
text() { FORMAT=text ask "$@"; }
service() { ask ecs describe-services --cluster "$CLUSTER" --services "$SERVICE" "$@"; }
tasks() { text ecs list-tasks --cluster "$CLUSTER" --service-name "$SERVICE" --query 'taskArns[]' "$@"; }

service --query 'services[0].events[:10]' >/dev/null
group=$(FORMAT=text service --query 'services[0].loadBalancers[0].targetGroupArn')
ask elbv2 describe-target-health --target-group-arn "$group" >/dev/null
tasks --desired-status RUNNING >/dev/null
definition=$(FORMAT=text service --query 'services[0].taskDefinition')
ask ecs describe-task-definition --task-definition "$definition" >/dev/null
read -ra stopped <<<"$(tasks --desired-status STOPPED | cut -f1-3)"
if [ "${#stopped[@]}" -gt 0 ] && [ "${stopped[0]}" != None ]; then
    ask ecs describe-tasks --cluster "$CLUSTER" --tasks "${stopped[@]}" >/dev/null
fi
balancer=$(text elbv2 describe-target-groups --target-group-arns "$group" --query 'TargetGroups[0].LoadBalancerArns[0]')
ask elbv2 describe-load-balancer-attributes --load-balancer-arn "$balancer" >/dev/null
ask elbv2 describe-target-groups --target-group-arns "$group" >/dev/null
