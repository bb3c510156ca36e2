"""Posts as each kind of poster makes them, from the alarm that they are about."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, get_args
from urllib.parse import quote

TS = "1795230720.000100"
POSTED_AT = datetime.fromtimestamp(float(TS), UTC)
CHANGED_AT = datetime(2026, 11, 21, 3, 13, 5, tzinfo=UTC)
BALANCER = "app/checkout/50dc6c495c0c9188"
GROUP = "targetgroup/checkout/73e2d6bc24d8a067"
REASON = "Threshold Crossed: 1 datapoint [37.0 (21/11/26 03:12:00)] was greater than the threshold (10.0)."
PARTITIONS = {"cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov"}
CONSOLES = {"cn-north-1": "console.amazonaws.cn", "us-gov-west-1": "console.amazonaws-us-gov.com"}
REGION_NAMES = {
    "us-east-1": "US East (N. Virginia)",
    "eu-west-1": "EU (Ireland)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
    "cn-north-1": "China (Beijing)",
    "us-gov-west-1": "AWS GovCloud (US-West)",
}


@dataclass(frozen=True)
class Alarm:
    """The truth that a post tells of."""

    name: str = "checkout-elb-502"
    region: str = "us-east-1"
    account: str = "111122223333"
    state: str = "ALARM"

    @property
    def before(self) -> str:
        return "OK" if self.state == "ALARM" else "ALARM"

    @property
    def arn(self) -> str:
        return f"arn:{PARTITIONS.get(self.region, 'aws')}:cloudwatch:{self.region}:{self.account}:alarm:{self.name}"

    @property
    def link(self) -> str:
        host = CONSOLES.get(self.region, "console.aws.amazon.com")
        name = quote(self.name, safe="")
        return f"https://{self.region}.{host}/cloudwatch/home?region={self.region}#alarmsV2:alarm/{name}"


Poster = Callable[[Alarm], dict[str, Any]]
Told = Literal["alarm", "load balancer", "account", "time"]
TELLING: Final[Mapping[Told, list[Poster]]] = {told: [] for told in get_args(Told)}
EVERYBODY: Final[list[Poster]] = []


def poster(*tells: Told) -> Callable[[Poster], Poster]:
    """One kind of post, which all tests here go through. `tells`: what it says beside the state and the region."""

    def register(post: Poster) -> Poster:
        EVERYBODY.append(post)
        for told in tells:
            TELLING[told].append(post)
        return post

    return register


def escaped(words: str) -> str:
    """As Slack's own clients send it."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def message(**parts: Any) -> dict[str, Any]:
    return {"type": "message", "channel": "C0INCIDENT", "ts": TS, "bot_id": "B0POSTER", **parts}


@poster("alarm", "account")
def amazon_q(alarm: Alarm) -> dict[str, Any]:
    said = f"The alarm {escaped(alarm.name)} changed state to {alarm.state}: {REASON}"
    sign = ":rotating_light:" if alarm.state == "ALARM" else ":white_check_mark:"
    title = f"CloudWatch Alarm | {escaped(alarm.name)} | {alarm.region} | Account: {alarm.account}"
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": f"{sign} *<{escaped(alarm.link)}|{title}>*"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": said}},
    ]
    return message(app_id="A6L22LZNH", text=f"{said} <{escaped(alarm.link)}|View in console>", blocks=blocks)


@poster("alarm", "account")
def chatbot(alarm: Alarm) -> dict[str, Any]:
    sign = ":rotating_light:" if alarm.state == "ALARM" else ":white_check_mark:"
    title = f"{sign} CloudWatch Alarm | {escaped(alarm.name)} | {alarm.region} | Account: {alarm.account}"
    reason = f"{REASON} (minimum 1 datapoint for {alarm.before} -&gt; {alarm.state} transition)."
    attachment = {"color": "D13212", "fallback": title, "title": title, "title_link": alarm.link, "text": reason}
    return message(subtype="bot_message", username="AWS Chatbot", text="", attachments=[attachment])


@poster("alarm")
def notify_module(alarm: Alarm) -> dict[str, Any]:
    link = f"https://console.aws.amazon.com/cloudwatch/home?region={alarm.region}"
    fields = {
        "Alarm Name": f"`{escaped(alarm.name)}`",
        "Alarm reason": f"`{REASON}`",
        "Old State": f"`{alarm.before}`",
        "Current State": f"`{alarm.state}`",
        "Link to Alarm": f"{link}#alarm:alarmFilter=ANY;name={quote(alarm.name, safe='')}",
    }
    return message(text="", attachments=[{"color": "danger", "fields": _fields(fields)}])


@poster("alarm", "account", "time")
def sns_function(alarm: Alarm) -> dict[str, Any]:
    fields = {
        "Account ID": alarm.account,
        "Region": alarm.region,
        "Alarm": escaped(alarm.name),
        "State": f"{alarm.before} -&gt; {alarm.state}",
        "StateChangeTime": "2026-11-21T03:13:05.000+0000",
    }
    attachment = {"pretext": "<!channel>", "fields": _fields(fields)}
    return message(text=f"*{escaped(alarm.name)}*", attachments=[attachment])


@poster("alarm", "load balancer", "account", "time")
def sns_json(alarm: Alarm) -> dict[str, Any]:
    dimensions = [{"name": "LoadBalancer", "value": BALANCER}, {"name": "TargetGroup", "value": GROUP}]
    notice = {
        "AlarmName": alarm.name,
        "AWSAccountId": alarm.account,
        "NewStateValue": alarm.state,
        "OldStateValue": alarm.before,
        "StateChangeTime": "2026-11-21T03:13:05.000+0000",
        "Region": REGION_NAMES[alarm.region],
        "AlarmArn": alarm.arn,
        "Trigger": {"MetricName": "HTTPCode_ELB_502_Count", "Dimensions": dimensions},
    }
    return message(text=f"```{escaped(json.dumps(notice))}```")


@poster("alarm", "load balancer", "account", "time")
def sns_envelope(alarm: Alarm) -> dict[str, Any]:
    inner = json.loads(_unescaped(sns_json(alarm)["text"]).strip("`"))
    return message(text=escaped(json.dumps({"Type": "Notification", "Message": json.dumps(inner)})))


@poster("alarm", "load balancer", "account", "time")
def eventbridge(alarm: Alarm) -> dict[str, Any]:
    metric = {"namespace": "AWS/ApplicationELB", "dimensions": {"LoadBalancer": BALANCER, "TargetGroup": GROUP}}
    event = {
        "detail-type": "CloudWatch Alarm State Change",
        "account": alarm.account,
        "region": alarm.region,
        "time": "2026-11-21T03:13:09Z",
        "detail": {
            "alarmName": alarm.name,
            "configuration": {"metrics": [{"id": "m1", "metricStat": {"metric": metric}}]},
            "state": {"value": alarm.state, "timestamp": "2026-11-21T03:13:05.000+0000"},
            "previousState": {"value": alarm.before},
        },
    }
    return message(text=escaped(json.dumps(event, indent=1)))


@poster("alarm", "load balancer", "account", "time")
def email(alarm: Alarm) -> dict[str, Any]:
    subject = f'{alarm.state}: "{alarm.name}" in {REGION_NAMES[alarm.region]}'
    words = (
        f'Your Amazon CloudWatch Alarm "{alarm.name}" in the {REGION_NAMES[alarm.region]} region has entered the '
        f'{alarm.state} state, because "{REASON}"\n\nView this alarm:\n{alarm.link}\n\nAlarm Details:\n'
        f"- Name: {alarm.name}\n- State Change: {alarm.before} -> {alarm.state}\n"
        f"- Timestamp: Saturday 21 November, 2026 03:13:05 UTC\n- AWS Account: {alarm.account}\n"
        f"- Alarm Arn: {alarm.arn}\n- Dimensions: [LoadBalancer = {BALANCER}] [TargetGroup = {GROUP}]\n"
    )
    file = {"mode": "email", "subject": subject, "title": subject, "name": subject, "plain_text": words}
    return {"type": "message", "subtype": "file_share", "user": "USLACKBOT", "ts": TS, "text": "", "files": [file]}


@poster("alarm", "account")
def pagerduty(alarm: Alarm) -> dict[str, Any]:
    what = "Triggered" if alarm.state == "ALARM" else "Resolved"
    title = f'#4711: ALARM: "{escaped(alarm.name)}" in {REGION_NAMES[alarm.region]}'
    details = (
        f"AlarmName: {escaped(alarm.name)}, AWSAccountId: {alarm.account}, NewStateValue: {alarm.state}, "
        f"Region: {REGION_NAMES[alarm.region]}"
    )
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": f"*{what}* <https://pd.example.com/i/1|{title}>"}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Service:* CloudWatch"}]},
        {"type": "section", "text": {"type": "mrkdwn", "text": details}},
    ]
    return message(app_id="A1FKYAUUX", text=f"{what} {title}", blocks=blocks)


@poster("alarm", "account")
def opsgenie(alarm: Alarm) -> dict[str, Any]:
    attachment = {
        "title": f"#88: [CloudWatch] {escaped(alarm.name)}",
        "title_link": "https://example.app.opsgenie.com/alert/detail/88",
        "text": f"State: {alarm.state}\nAlarmArn: {escaped(alarm.arn)}\nReason: Threshold Crossed",
    }
    return message(text="", attachments=[attachment])


@poster("load balancer", "account")
def datadog(alarm: Alarm) -> dict[str, Any]:
    what = "Triggered" if alarm.state == "ALARM" else "Recovered"
    words = (
        "The monitor was last triggered at Sat Nov 21 2026 03:13:05 UTC.\n"
        f"loadbalancer:{BALANCER}, targetgroup:{GROUP}, region:{alarm.region}, account:{alarm.account}"
    )
    title = f"{what}: [P1] 502s of checkout"
    link = "https://app.datadoghq.com/monitors/123"
    return message(text="", attachments=[{"title": title, "title_link": link, "text": words}])


@poster("load balancer")
def grafana(alarm: Alarm) -> dict[str, Any]:
    what = "FIRING:1" if alarm.state == "ALARM" else "RESOLVED"
    words = f"Labels:\n - LoadBalancer = {BALANCER}\n - TargetGroup = {GROUP}\n - region = {alarm.region}\n"
    return message(text=None, attachments=[{"title": f"[{what}] 5xx (prod)", "text": words}])


def _fields(titles: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"title": title, "value": value, "short": True} for title, value in titles.items()]


def _unescaped(words: str) -> str:
    return words.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
