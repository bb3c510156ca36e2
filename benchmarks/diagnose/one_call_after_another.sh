#!/usr/bin/env bash
# What a person with the AWS CLI and a troubleshooting checklist does: eleven questions, one after another.
# CLUSTER and SERVICE name the service; AWS_ENDPOINT_URL and AWS_REGION come from the environment.
set -euo pipefail
ask() { aws --region "$AWS_REGION" "$@"; }
service() { ask ecs describe-services --cluster "$CLUSTER" --services "$SERVICE" --output text --query "services[0].$1"; }
tasks() { ask ecs list-tasks --cluster "$CLUSTER" --service-name "$SERVICE" --output text --desired-status "$1" --query "$2"; }
group() { ask elbv2 describe-target-groups --target-group-arns "$group" "$@"; }

service 'events[:10].[message]'
group=$(service 'loadBalancers[0].targetGroupArn')
ask elbv2 describe-target-health --target-group-arn "$group" --output table \
    --query 'TargetHealthDescriptions[].{id:Target.Id,port:Target.Port,health:TargetHealth}'
tasks RUNNING 'taskArns[]'
definition=$(service taskDefinition)
ask ecs describe-task-definition --task-definition "$definition" --query 'taskDefinition.containerDefinitions[].portMappings'
stopped=$(tasks STOPPED 'taskArns[:3]')
if [ -n "$stopped" ]; then
    read -ra arns <<<"$stopped"
    ask ecs describe-tasks --cluster "$CLUSTER" --tasks "${arns[@]}" --query 'tasks[].[stoppedReason,containers[].exitCode]'
fi
balancer=$(group --output text --query 'TargetGroups[0].LoadBalancerArns[0]')
ask elbv2 describe-load-balancer-attributes --load-balancer-arn "$balancer" --output table \
    --query "Attributes[?Key=='idle_timeout.timeout_seconds']"
group --output table --query 'TargetGroups[0].{path:HealthCheckPath,port:HealthCheckPort,every:HealthCheckIntervalSeconds}'
