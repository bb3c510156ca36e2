"""Every setting, its default and its limits: frozen objects that are handed down and never changed."""

from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, Field, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.settings import words

DEFAULT_STATE_DIR: Final = "~/.local/state/alb502"
DEFAULT_SLACK_API_URL: Final = "https://slack.com/api/"
ALL_INTERFACES: Final = "0.0.0.0"  # noqa: S104 - a container has to be reachable from outside; ALB502_HTTP_HOST narrows it

MAX_BYTES: Final = 10**15
HOUR_S: Final = 3600
DAY_S: Final = 24 * HOUR_S


class Section(BaseModel):
    """A group of settings. Unknown keys are errors; nothing of the input is repeated in an error."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _blank_means_default(cls, data: Any) -> Any:
        """A key that is written and left empty (`accounts:`), unless null is a value of its own."""
        if not isinstance(data, dict):
            return data
        fields = {field.alias or name: field for name, field in cls.model_fields.items()}

        def is_blank(key: str, value: object) -> bool:
            return value is None and key in fields and (fields[key].is_required() or fields[key].default is not None)

        return {key: value for key, value in data.items() if not is_blank(key, value)}


class Account(Section):
    """One AWS account that is read. Without a role the process's own credentials are used for it."""

    name: words.AccountName
    id: words.AccountId
    regions: Annotated[tuple[words.Region, ...], AfterValidator(words.at_least_one)]
    read_role: words.RoleArn | None = None
    remediate_role: words.RoleArn | None = None
    external_id: words.ExternalId | None = None
    external_id_file: words.FilePath | None = None


class Service(Section):
    """What a nickname stands for."""

    account: words.AccountName | None = None
    region: words.Region | None = None
    cluster: words.EcsName | None = None
    service: words.EcsName
    runbook: words.WebAddress | None = None


class People(Section):
    """Slack user groups and users."""

    groups: tuple[words.GroupId, ...] = ()
    users: tuple[words.UserId, ...] = ()


class Slack(Section):
    """Whose questions are answered."""

    teams: tuple[words.TeamId, ...] = ()
    shared_channels: words.SharedChannels = "refuse"
    ask: People = People()


class Scope(Section):
    """What may be asked in one channel; an empty list allows everything."""

    accounts: tuple[words.AccountName, ...] = ()
    services: tuple[words.ServiceWord, ...] = ()


class Alarms(Section):
    """Which alarm posts are answered, and where SNS notifications are told."""

    channels: tuple[words.ChannelId, ...] = ()
    senders: tuple[words.SenderId, ...] = ()
    sns_topics: words.FrozenMap[words.TopicArn, words.ChannelId] = Field(default={}, validate_default=True)
    threshold_notes: Annotated[int, words.within(0, 100)] = 3


class LocalBudget(Section):
    """How much of the access logs is read on this machine before Athena is preferred or the reading stops."""

    lines: Annotated[int, words.within(1, 10**12)] = 5_000_000
    bytes: Annotated[int, words.within(1, MAX_BYTES)] = 4_000_000_000
    seconds: Annotated[int, words.within(1, HOUR_S)] = 20


class Athena(Section):
    """Off while `workgroup` is null. `output` may be left to the workgroup."""

    workgroup: words.AthenaName | None = None
    database: words.AthenaName | None = None
    output: words.S3Location | None = None
    max_bytes: Annotated[int, words.within(1, MAX_BYTES)] = 100_000_000_000


class Logs(Section):
    """Budgets for reading access logs and application logs."""

    local_budget: LocalBudget = LocalBudget()
    athena: Athena = Athena()
    app_log_scan_bytes: Annotated[int, words.within(0, MAX_BYTES)] = 2_000_000_000


class Limits(Section):
    """Time, parallelism and retention of diagnoses."""

    diagnosis_s: Annotated[int, words.within(1, HOUR_S)] = 60
    useful_answer_s: Annotated[int, words.within(1, HOUR_S)] = 10
    aws_parallel_per_service: Annotated[int, words.within(1, 64)] = 8
    cache_s: Annotated[int, words.within(1, HOUR_S)] = 30
    reports_days: Annotated[int, words.within(1, 3650)] = 30
    stop_s: Annotated[int, words.within(1, HOUR_S)] = 25


class Override(Section):
    """Other rules for the fixes that fit every selector (`account`, `service`, `fix`, `risk`) that is given.

    A rule that is not in `model_fields_set` is inherited; `allow: null` is a rule, as it is above.
    """

    account: words.AccountName | None = None
    service: words.ServiceWord | None = None
    fix: words.FixId | None = None
    risk: words.Risk | None = None
    approvers: People | None = None
    two_person: tuple[words.Risk, ...] | None = None
    allow: tuple[words.FixId, ...] | None = None
    channels: tuple[words.ChannelId, ...] | None = None


class Protection(Section):
    """Resources with this tag (`key=value`, split at the first `=`) are never written to."""

    tag: words.TagMatch

    @property
    def key(self) -> str:
        return self.tag.partition("=")[0]

    @property
    def value(self) -> str:
        return self.tag.partition("=")[2]


class Freeze(Section):
    """No writes at all from `start` (included) to `end` (excluded); `from` and `to` in the file."""

    model_config = SettingsConfigDict(validate_by_name=True, validate_by_alias=True)

    start: Annotated[words.When, Field(alias="from")]
    end: Annotated[words.When, Field(alias="to")]
    why: words.Line


class Remediations(Section):
    """Which fixes are offered, who approves them and when nothing may be written."""

    mode: words.Mode = "suggest"
    allow: tuple[words.FixId, ...] | None = None
    deny: tuple[words.FixId, ...] = ()
    approvers: People = People()
    two_person: tuple[words.Risk, ...] = ("high",)
    overrides: tuple[Override, ...] = ()
    approval_ttl_s: Annotated[int, words.within(30, DAY_S)] = 600
    channels: tuple[words.ChannelId, ...] = ()
    protect: tuple[Protection, ...] = (Protection(tag="change-freeze=true"),)
    freeze: tuple[Freeze, ...] = ()
    access_log_bucket: words.BucketName | None = None
    alarm_topic: words.TopicArn | None = None
    approval_key: words.ApprovalKey | None = None
    approval_key_file: words.FilePath | None = None


class Settings(Section, BaseSettings):
    """The whole configuration. `bot.settings.load` makes it; constructing it reads neither environment nor file."""

    slack_bot_token: words.BotToken | None = None
    slack_signing_secret: words.SigningSecret | None = None
    slack_app_token: words.AppToken | None = None
    redis_url: words.RedisUrl | None = None
    slack_api_url: words.ApiBase = DEFAULT_SLACK_API_URL
    http_host: words.HostName = ALL_INTERFACES
    http_port: words.Port = 8080
    ops_port: words.Port = 9090

    state_dir: words.FilePath = Path(DEFAULT_STATE_DIR)
    accounts: tuple[Account, ...] = ()
    services: words.FrozenMap[words.Nickname, Service] = Field(default={}, validate_default=True)
    slack: Slack = Slack()
    scopes: words.FrozenMap[words.ChannelId, Scope] = Field(default={}, validate_default=True)
    alarms: Alarms = Field(default_factory=Alarms)  # a frozen map cannot be copied as a default
    logs: Logs = Logs()
    limits: Limits = Limits()
    remediations: Remediations = Remediations()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load` passes: it lets maps replace rather than merge and reports names that no setting has."""
        return (init_settings,)
