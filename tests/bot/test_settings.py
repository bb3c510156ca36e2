"""What the bot makes of its environment and its YAML file, and what it says when it cannot."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.settings import SettingsError, load
from bot.settings.errors import MAX_LINES
from bot.settings.models import Protection
from bot.settings.shape import variables
from bot.settings.sources import MAX_CONFIG_BYTES

CONTRACT_EXAMPLE = """
state_dir: ~/.local/state/alb502
accounts:
  - name: prod
    id: "111122223333"
    regions: [us-east-1]
    read_role: arn:aws:iam::111122223333:role/alb502-read
    remediate_role: null
    external_id: null
services:
  shop: {account: prod, region: us-east-1, cluster: prod, service: checkout, runbook: https://wiki.example.com/checkout}
slack:
  teams: []
  shared_channels: refuse
  ask: {groups: [], users: []}
scopes: {}
alarms:
  channels: []
  senders: []
  sns_topics: {}
  threshold_notes: 3
logs:
  local_budget: {lines: 5000000, bytes: 4000000000, seconds: 20}
  athena: {workgroup: null, database: null, output: null, max_bytes: 100000000000}
  app_log_scan_bytes: 2000000000
limits: {diagnosis_s: 60, useful_answer_s: 10, aws_parallel_per_service: 8, cache_s: 30, reports_days: 30, stop_s: 25}
remediations:
  mode: suggest
  allow: null
  deny: []
  approvers: {groups: [], users: []}
  two_person: [high]
  overrides: []
  approval_ttl_s: 600
  channels: []
  protect: [{tag: "change-freeze=true"}]
  freeze: []
  access_log_bucket: null
  alarm_topic: null
"""

ACCOUNT = {"name": "prod", "id": "111122223333", "regions": ["us-east-1"]}
SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-planted-bot-token",
    "SLACK_APP_TOKEN": "xapp-planted-app-token",
    "SLACK_SIGNING_SECRET": "planted-signing-secret",
    "REDIS_URL": "rediss://bot:planted-redis-password@redis.example.com:6379/0",
}
PLANTED = "planted"


def wrong(environ: dict[str, str], path: Path | None = None) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(environ, path)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert str(caught.value) == "\n".join(caught.value.lines)
    assert all(line.isprintable() for line in caught.value.lines)
    return caught.value.lines


def yaml_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "alb502.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def with_account(**more: Any) -> dict[str, str]:
    return {"ALB502_ACCOUNTS": json.dumps([{**ACCOUNT, **more}])}


class TestDefaultsAndPrecedence:
    def test_nothing_is_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", "/srv/bot")

        config = load({})

        assert config.accounts == ()
        assert config.state_dir == Path("/srv/bot/.local/state/alb502")
        assert (config.http_host, config.http_port, config.ops_port) == ("0.0.0.0", 8080, 9090)
        assert config.slack_api_url == "https://slack.com/api/"
        assert config.remediations.mode == "suggest"
        assert config.remediations.allow is None
        assert [(tag.key, tag.value) for tag in config.remediations.protect] == [("change-freeze", "true")]

    def test_the_file_that_says_every_default_changes_nothing_but_accounts_and_services(self, tmp_path: Path) -> None:
        config = load({}, yaml_file(tmp_path, CONTRACT_EXAMPLE))

        assert config.model_dump(exclude={"accounts", "services"}) == load({}).model_dump(
            exclude={"accounts", "services"}
        )
        assert config.accounts[0].id == "111122223333"
        assert config.services["shop"].service == "checkout"

    def test_the_environment_wins_over_the_file_and_the_file_over_defaults(self, tmp_path: Path) -> None:
        path = yaml_file(tmp_path, "limits: {cache_s: 5, reports_days: 7}")

        config = load({"ALB502_CONFIG": str(path), "ALB502_LIMITS__CACHE_S": "9"})

        assert (config.limits.cache_s, config.limits.reports_days, config.limits.diagnosis_s) == (9, 7, 60)

    def test_a_given_path_wins_over_the_variable(self, tmp_path: Path) -> None:
        path = yaml_file(tmp_path, "http_port: 81")

        assert load({"ALB502_CONFIG": "/does/not/exist"}, path).http_port == 81

    def test_lists_and_maps_of_the_environment_replace_and_never_merge(self, tmp_path: Path) -> None:
        path = yaml_file(
            tmp_path, "services: {shop: {service: checkout}, old: {service: legacy}}\nslack: {teams: [T111, T222]}"
        )

        config = load({"ALB502_SERVICES": '{"pay": {"service": "pay"}}', "ALB502_SLACK__TEAMS": '["T333"]'}, path)

        assert list(config.services) == ["pay"]
        assert config.slack.teams == ("T333",)

    def test_a_section_as_json_replaces_the_section_and_deeper_variables_go_on_top(self, tmp_path: Path) -> None:
        path = yaml_file(tmp_path, "limits: {reports_days: 7}")

        config = load({"ALB502_LIMITS": '{"diagnosis_s": 90}', "ALB502_LIMITS__CACHE_S": "4"}, path)

        assert (config.limits.diagnosis_s, config.limits.cache_s, config.limits.reports_days) == (90, 4, 30)

    def test_empty_variables_and_empty_keys_mean_the_default(self, tmp_path: Path) -> None:
        path = yaml_file(tmp_path, "accounts:\nlimits:\nremediations:\n  two_person:\n")

        config = load({"REDIS_URL": "", "ALB502_HTTP_PORT": " ", "ALB502_CONFIG": ""}, path)

        assert config.redis_url is None
        assert config.http_port == 8080
        assert config.remediations.two_person == ("high",)

    def test_null_in_the_environment_takes_back_what_the_file_says(self, tmp_path: Path) -> None:
        path = yaml_file(tmp_path, "remediations: {allow: [some-fix], access_log_bucket: my-logs}")

        config = load({"ALB502_REMEDIATIONS__ALLOW": "null", "ALB502_REMEDIATIONS__ACCESS_LOG_BUCKET": "null"}, path)

        assert config.remediations.allow is None
        assert config.remediations.access_log_bucket is None

    def test_variables_of_others_are_left_alone(self) -> None:
        environ = {"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:5000", "_ALB502_COMPLETE": "x"}

        assert load(environ) == load({})

    def test_a_kubernetes_service_called_alb502_is_no_configuration(self) -> None:
        links = {
            "ALB502_SERVICE_HOST": "10.0.0.7",
            "ALB502_SERVICE_PORT": "80",
            "ALB502_SERVICE_PORT_HTTP": "80",
            "ALB502_PORT": "tcp://10.0.0.7:80",
            "ALB502_PORT_80_TCP": "tcp://10.0.0.7:80",
            "ALB502_PORT_80_TCP_ADDR": "10.0.0.7",
            "ALB502_HTTP_SERVICE_HOST": "10.0.0.8",
            "ALB502_HTTP_PORT": "tcp://10.0.0.8:80",
        }

        assert load(links).http_port == 8080
        assert wrong({"ALB502_PORT": "80"}) == ("ALB502_PORT: is no setting; the nearest is ALB502_OPS_PORT",)


class TestYamlMeansWhatItSays:
    def test_off_is_a_word_and_not_false(self, tmp_path: Path) -> None:
        assert load({}, yaml_file(tmp_path, "remediations: {mode: off}")).remediations.mode == "off"

    @pytest.mark.parametrize("account_id", ["111122223333", "012345670123", "000000000001"])
    def test_an_account_id_without_quotes_keeps_its_zeros(self, tmp_path: Path, account_id: str) -> None:
        path = yaml_file(tmp_path, f"accounts: [{{name: a, id: {account_id}, regions: [us-east-1]}}]")

        assert load({}, path).accounts[0].id == account_id

    def test_freezes_are_kept_in_utc(self, tmp_path: Path) -> None:
        text = (
            "remediations:\n  freeze:\n    - {from: 2026-12-24T18:00:00+01:00, to: 2026-12-27T00:00:00Z, why: holidays}"
        )

        (freeze,) = load({}, yaml_file(tmp_path, text)).remediations.freeze

        assert freeze.start == datetime(2026, 12, 24, 17, tzinfo=UTC)
        assert freeze.start.tzinfo is UTC
        assert freeze.why == "holidays"

    def test_anchors_may_be_used(self, tmp_path: Path) -> None:
        text = "slack: {ask: &ops {users: [U111]}}\nremediations: {approvers: *ops}"

        assert load({}, yaml_file(tmp_path, text)).remediations.approvers.users == ("U111",)

    def test_an_override_knows_which_rules_it_was_given(self, tmp_path: Path) -> None:
        text = "remediations: {overrides: [{risk: low, two_person: [], allow: null}]}"

        (override,) = load({}, yaml_file(tmp_path, text)).remediations.overrides

        assert override.model_fields_set == {"risk", "two_person", "allow"}


class TestFrozen:
    def test_nothing_can_be_changed(self) -> None:
        config = load({"ALB502_SERVICES": '{"shop": {"service": "checkout"}}'})

        with pytest.raises(ValidationError):
            config.http_port = 1  # type: ignore[misc]
        with pytest.raises(ValidationError):
            config.limits.cache_s = 1  # type: ignore[misc]
        with pytest.raises(TypeError):
            config.services["shop"] = config.services["shop"]  # type: ignore[index]

    def test_a_tag_is_split_at_its_first_equals_sign(self) -> None:
        assert (Protection(tag="a=b=c").key, Protection(tag="a=b=c").value) == ("a", "b=c")


WRONG_VALUES = [
    ("ALB502_HTTP_PORT", "70000", "given 70000, expected a whole number from 0 to 65535"),
    ("ALB502_LIMITS__CACHE_S", "0", "given 0, expected a whole number from 1 to 3600"),
    ("ALB502_LIMITS__CACHE_S", "-5", "given -5, expected a whole number from 1 to 3600"),
    ("ALB502_LIMITS__CACHE_S", "1.5", "given 1.5, expected a whole number from 1 to 3600"),
    ("ALB502_REMEDIATIONS__MODE", "auto", "given auto, expected off, suggest or approve"),
    ("ALB502_SLACK__SHARED_CHANNELS", "yes", "given yes, expected refuse or allow"),
    ("ALB502_SLACK_API_URL", "slack.com", "given slack.com, expected an http or https address"),
    ("ALB502_SLACK__TEAMS", '["acme"]', "ALB502_SLACK__TEAMS[0]: given acme, expected a Slack workspace id"),
    ("ALB502_SLACK__ASK__USERS", '["@kim"]', "given @kim, expected a Slack user id"),
    ("ALB502_SLACK__ASK__GROUPS", '["U123"]', "given U123, expected a Slack user group id"),
    ("ALB502_ALARMS__CHANNELS", '["#ops"]', "given #ops, expected a Slack channel id"),
    ("ALB502_ALARMS__SENDERS", '["U123"]', "given U123, expected a Slack app or bot id"),
    ("ALB502_ALARMS__SNS_TOPICS", '{"ops": "C111"}', "given ops, expected the ARN of an SNS topic"),
    ("ALB502_ALARMS__THRESHOLD_NOTES", "true", "given true, expected a whole number"),
    ("ALB502_SCOPES", '{"C111": {"accounts": ["dev"]}}', "given dev, expected the name of an account; none"),
    ("ALB502_SERVICES", '{"a b": {"service": "x"}}', "given a b, expected a nickname"),
    ("ALB502_SERVICES", '{"a": {}}', "ALB502_SERVICES.a.service: expected a value: it is required"),
    ("ALB502_SERVICES", '{"a": {"service": "x", "account": "p"}}', "ALB502_SERVICES.a.account: given p"),
    ("ALB502_REMEDIATIONS__TWO_PERSON", '["huge"]', "given huge, expected low, medium or high"),
    ("ALB502_REMEDIATIONS__PROTECT", '[{"tag": "frozen"}]', "given frozen, expected a tag as key=value"),
    ("ALB502_REMEDIATIONS__OVERRIDES", '[{"risk": "low"}]', "expected at least one of approvers, two_person, allow"),
    ("ALB502_REMEDIATIONS__OVERRIDES", '[{"allow": []}]', "expected at least one of account, service, fix, risk"),
    ("ALB502_REMEDIATIONS__OVERRIDES", '[{"who": 1}]', "ALB502_REMEDIATIONS__OVERRIDES[0].who: is no setting"),
    ("ALB502_REMEDIATIONS__ALARM_TOPIC", "alarms", "given alarms, expected the ARN of an SNS topic"),
    ("ALB502_REMEDIATIONS__ACCESS_LOG_BUCKET", "My_Logs", "given My_Logs, expected the name of an S3 bucket"),
    ("ALB502_LOGS__ATHENA__WORKGROUP", "primary", "expected the database to query, since a workgroup is set"),
    ("ALB502_LIMITS__USEFUL_ANSWER_S", "61", "given 61, expected at most limits.diagnosis_s, which is 60"),
    ("ALB502_OPS_PORT", "8080", "given 8080, expected a port other than http_port"),
    ("ALB502_ACCOUNTS", "{}", "given a map, expected a list"),
    ("ALB502_ACCOUNTS", "[1]", "ALB502_ACCOUNTS[0]: given a single value, expected a map of settings"),
    ("ALB502_LIMITS", "[]", "given a list of 0, expected a map of settings"),
    ("ALB502_ACCOUNTS", "prod", "expected JSON: not valid at line 1, column 1"),
    ("ALB502_SERVICES", '{"a": {"service": "x"}, "a": {"service": "y"}}', "expected JSON: a key is repeated"),
    ("ALB502_LIMITS", '{"cache_s": NaN}', "expected JSON: NaN and Infinity are no values"),
    ("ALB502_ACCOUNTS", "[" * 100_000, "expected JSON: nested too deeply"),
]


@pytest.mark.parametrize(("name", "value", "says"), WRONG_VALUES)
def test_a_wrong_value_is_one_line_that_names_it(name: str, value: str, says: str) -> None:
    lines = wrong({name: value})

    assert len([line for line in lines if says in line]) == 1
    assert all(name in line for line in lines if "database" not in line)


WRONG_ACCOUNTS = [
    ({"id": "1111"}, "ALB502_ACCOUNTS[0].id: given 1111, expected the 12 digits of an AWS account id"),
    ({"id": True}, "ALB502_ACCOUNTS[0].id: given True, expected the 12 digits"),
    ({"id": "\uff11" * 12}, "expected the 12 digits"),
    ({"regions": ["virginia"]}, "ALB502_ACCOUNTS[0].regions[0]: given virginia, expected an AWS region"),
    ({"regions": []}, "ALB502_ACCOUNTS[0].regions: given a list of 0, expected at least one entry"),
    ({"read_role": "alb502-read"}, "given alb502-read, expected the ARN of an IAM role"),
    ({"read_role": "arn:aws:iam::999999999999:role/r"}, "expected a role of account 111122223333"),
    (
        {"read_role": "arn:aws:iam::111122223333:role/r", "remediate_role": "arn:aws:iam::111122223333:role/r"},
        "expected a role other than read_role",
    ),
    ({"external_id": "x", "name": "p"}, "external_id: given (hidden), expected an external id"),
    ({"external_id": "abc", "external_id_file": "/x"}, "expected either external_id or external_id_file, not both"),
    ({"external_id_file": "/does/not/exist"}, "expected a readable file (no such file or directory)"),
]


@pytest.mark.parametrize(("change", "says"), WRONG_ACCOUNTS)
def test_a_wrong_account_is_one_line(change: dict[str, Any], says: str) -> None:
    (line,) = wrong(with_account(**change))

    assert says in line


@pytest.mark.parametrize(
    "role",
    [
        "arn:aws:iam::111122223333:role/alb502-read",
        "arn:aws-cn:iam::111122223333:role/team/x/alb502",
        "arn:aws-us-gov:iam::111122223333:role/alb502_read+1@x",
    ],
)
@pytest.mark.parametrize("region", ["us-east-1", "us-gov-west-1", "cn-north-1", "ap-southeast-7", "us-isob-east-1"])
def test_roles_and_regions_of_every_partition_are_accepted(role: str, region: str) -> None:
    config = load(with_account(read_role=role, regions=[region]))

    assert (config.accounts[0].read_role, config.accounts[0].regions) == (role, (region,))


def test_two_accounts_share_neither_name_nor_id() -> None:
    lines = wrong({"ALB502_ACCOUNTS": json.dumps([ACCOUNT, ACCOUNT])})

    assert len(lines) == 4
    assert "ALB502_ACCOUNTS[1].id: given 111122223333, expected an id that no other account has" in lines


def test_a_nickname_points_into_a_region_that_is_read() -> None:
    services = {"shop": {"account": "prod", "region": "eu-west-1", "service": "checkout"}}

    lines = wrong({**with_account(), "ALB502_SERVICES": json.dumps(services)})

    assert lines == ("ALB502_SERVICES.shop.region: given eu-west-1, expected a region of account prod: us-east-1",)


@pytest.mark.parametrize(
    "moment", ["2026-12-24", "2026-12-24T10:00:00", "1766570400", "tomorrow", "0001-01-01T00:00:00+14:00"]
)
def test_a_freeze_needs_a_time_with_an_offset(moment: str) -> None:
    freeze = [{"from": moment, "to": "2026-12-27T00:00:00Z", "why": "holidays"}]

    (line,) = wrong({"ALB502_REMEDIATIONS__FREEZE": json.dumps(freeze)})

    assert line.startswith(f"ALB502_REMEDIATIONS__FREEZE[0].from: given {moment}, expected an ISO 8601 time")


def test_a_freeze_ends_after_it_starts() -> None:
    freeze = [{"from": "2026-12-27T00:00:00Z", "to": "2026-12-27T00:00:00Z", "why": "holidays"}]

    (line,) = wrong({"ALB502_REMEDIATIONS__FREEZE": json.dumps(freeze)})

    assert "FREEZE[0].to" in line
    assert "expected a time after 2026-12-27T00:00:00+00:00" in line


class TestUnknownNames:
    @pytest.mark.parametrize(
        ("name", "nearest"),
        [
            ("ALB502_LIMTS__CACHE_S", "ALB502_LIMITS__CACHE_S"),
            ("ALB502_LIMITS_CACHE_S", "ALB502_LIMITS__CACHE_S"),
            ("alb502_http_port", "ALB502_HTTP_PORT"),
            ("ALB502_CONFIGFILE", "ALB502_CONFIG"),
            ("ALB502_REDIS_URL", "REDIS_URL"),
            ("ALB502_SLACK__BOT_TOKEN", "SLACK_BOT_TOKEN"),
            ("ALB502_SLACK_APP_TOKEN", "SLACK_APP_TOKEN"),
            ("ALB502_SERVICES__SHOP__CLUSTER", "ALB502_SERVICES, which takes the whole list or map as JSON"),
        ],
    )
    def test_a_variable(self, name: str, nearest: str) -> None:
        assert wrong({name: "1"}) == (f"{name}: is no setting; the nearest is {nearest}",)

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("limts: {cache_s: 3}", "limts in {path}: is no setting; the nearest is limits"),
            ("limits: {cach_s: 3}", "limits.cach_s in {path}: is no setting; the nearest is limits.cache_s"),
            ("cache_s: 3", "cache_s in {path}: is no setting; the nearest is limits.cache_s"),
            ("_env_file: /etc/passwd", "_env_file in {path}: is no setting"),
            ("slack: {bot_token: xoxb-1}", "slack.bot_token in {path}: is no setting of the file; set the environment"),
            ("slack_bot_token: xoxb-1", "slack_bot_token in {path}: is no setting of the file; set the environment"),
            (
                "redis_url: redis://x",
                "redis_url in {path}: is no setting of the file; set the environment variable REDIS_URL",
            ),
        ],
    )
    def test_a_key_of_the_file(self, tmp_path: Path, text: str, says: str) -> None:
        path = yaml_file(tmp_path, text)

        (line,) = wrong({}, path)

        assert line.startswith(says.format(path=path))

    def test_many_mistakes_are_told_together_and_bounded(self) -> None:
        lines = wrong({f"ALB502_NO_{number}": "x" for number in range(500)})

        assert len(lines) == MAX_LINES + 1
        assert lines[-1] == f"and {500 - MAX_LINES} more wrong settings"


class TestUnreadableFiles:
    def test_a_missing_file(self) -> None:
        assert wrong({"ALB502_CONFIG": "/does/not/exist.yaml"}) == (
            "ALB502_CONFIG: given /does/not/exist.yaml, expected a readable YAML file: no such file or directory",
        )

    def test_a_directory(self, tmp_path: Path) -> None:
        (line,) = wrong({}, tmp_path)

        assert "is a directory" in line

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("accounts: [", "expected valid YAML: line 1"),
            ("a: b: c", "expected valid YAML: line 1, column 5"),
            ("planted-word", "expected a map of settings"),
            ("- planted", "expected a map of settings"),
            ("limits: {}\nlimits: {}", "line 2, column 1 repeats a key"),
            ("state_dir: !!python/object/apply:os.system [planted]", "line 1, column 12 has a tag"),
            ("state_dir: !planted x", "line 1, column 12 has a tag"),
            ("? [planted]\n: 1", "line 1, column 3 has a key that is not a single word"),
            ("slack: &a {teams: *a}", "line 1, column 8 refers to itself"),
            ("slack: *planted", "expected valid YAML"),
            ("a: \x00planted", "expected valid YAML"),
            ("a: " + "[" * 1000, "nested less deeply"),
            ("#" * (MAX_CONFIG_BYTES + 1), f"at most {MAX_CONFIG_BYTES} bytes"),
        ],
    )
    def test_a_file_that_is_no_configuration(self, tmp_path: Path, text: str, says: str) -> None:
        (line,) = wrong({}, yaml_file(tmp_path, text))

        assert says in line
        assert line.startswith("ALB502_CONFIG: given ")
        assert PLANTED not in line

    def test_a_file_in_another_encoding(self, tmp_path: Path) -> None:
        path = tmp_path / "alb502.yaml"
        path.write_bytes(b"state_dir: caf\xe9")

        (line,) = wrong({}, path)

        assert "UTF-8" in line

    def test_aliases_that_multiply_are_no_danger(self, tmp_path: Path) -> None:
        levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]

        lines = wrong({}, yaml_file(tmp_path, "\n".join(levels) + "\nslack: {teams: *a29}"))

        assert len(lines) <= MAX_LINES + 1
        assert max(map(len, lines)) < 500


class TestSecrets:
    def test_are_read_and_shown_nowhere(self) -> None:
        config = load({**SECRETS, **with_account(external_id="planted-external-id")})

        assert config.slack_bot_token is not None
        assert config.slack_bot_token.get_secret_value() == SECRETS["SLACK_BOT_TOKEN"]
        shown = [repr(config), str(config), repr(config.accounts), repr(config.model_dump()), config.model_dump_json()]
        assert [text for text in shown if PLANTED in text] == []

    def test_lose_the_line_break_that_files_end_with(self) -> None:
        config = load({"SLACK_BOT_TOKEN": "xoxb-1\n"})

        assert config.slack_bot_token is not None
        assert config.slack_bot_token.get_secret_value() == "xoxb-1"

    def test_an_external_id_may_come_from_a_file(self, tmp_path: Path) -> None:
        file = tmp_path / "external-id"
        file.write_text("planted-external-id\n")

        config = load(with_account(external_id_file=str(file)))

        assert config.accounts[0].external_id is not None
        assert config.accounts[0].external_id.get_secret_value() == "planted-external-id"
        assert PLANTED not in repr(config)

    def test_a_file_with_something_else_in_it_is_not_quoted(self, tmp_path: Path) -> None:
        file = tmp_path / "external-id"
        file.write_text("planted first line\nplanted second line\n")

        (line,) = wrong(with_account(external_id_file=str(file)))

        assert "expected a file that holds an external id and nothing else" in line
        assert PLANTED not in line

    def test_so_may_the_key_of_approvals(self, tmp_path: Path) -> None:
        file = tmp_path / "approval-key"
        file.write_text(f"planted-{'k' * 32}\n")

        config = load({"ALB502_REMEDIATIONS__APPROVAL_KEY_FILE": str(file)})

        assert config.remediations.approval_key is not None
        assert config.remediations.approval_key.get_secret_value() == f"planted-{'k' * 32}"
        assert PLANTED not in repr(config)

    @pytest.mark.parametrize(
        ("environ", "says"),
        [
            ({"APPROVAL_KEY": "planted"}, "given (hidden), expected a random key of 32 characters or more"),
            ({"APPROVAL_KEY_FILE": "/does/not/exist"}, "expected a readable file (no such file or directory)"),
            (
                {"APPROVAL_KEY": "planted" * 5, "APPROVAL_KEY_FILE": "/x"},
                "expected either approval_key or approval_key_file, not both",
            ),
        ],
    )
    def test_a_key_that_cannot_be_used_is_one_line(self, environ: dict[str, str], says: str) -> None:
        (line,) = wrong({f"ALB502_REMEDIATIONS__{name}": value for name, value in environ.items()})

        assert says in line
        assert PLANTED not in line

    @pytest.mark.parametrize(
        "environ",
        [
            {"SLACK_BOT_TOKEN": "planted"},
            {"SLACK_BOT_TOKEN": "xapp-planted"},
            {"SLACK_APP_TOKEN": "xoxb-planted"},
            {"SLACK_SIGNING_SECRET": "planted with spaces"},
            {"REDIS_URL": "planted"},
            {"REDIS_URL": "http://u:planted@redis"},
            {"REDIS_URL": "redis://u:planted@redis:99999"},
            {"ALB502_SLACK_API_URL": "https://u:planted@slack.example.com/api/"},
            {"ALB502_STATE_DIR": "xoxb-planted", "ALB502_HTTP_PORT": "xoxb-planted"},
            {"ALB502_SLACK__BOT_TOKN": "planted"},
            {"ALB502_ACCOUNTS": '[{"external_id": "planted"'},
            {"ALB502_ACCOUNTS": '{"external_id": "planted"}'},
            {"ALB502_ACCOUNTS": '["planted"]'},
            {"ALB502_ACCOUNTS": '[{"externl_id": "planted"}]'},
            {"ALB502_ACCOUNTS": '[{"external_id": "planted value"}]'},
            {"ALB502_ACCOUNTS": '[{"external_id": ["planted"]}]'},
            {"ALB502_ACCOUNTS": '[{"external_id": "planted-x"}]'},
            {"ALB502_SLACK": '"planted"'},
        ],
    )
    def test_are_never_quoted_in_an_error(self, environ: dict[str, str]) -> None:
        with pytest.raises(SettingsError) as caught:
            load(environ)

        assert PLANTED not in str(caught.value)
        assert PLANTED not in repr(caught.value)


hostile_text = st.text(max_size=60) | st.sampled_from(
    ["null", "-1", "9" * 5000, "\x1b[31m", "a\nb", "<!channel>", "\ud800"]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | hostile_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(hostile_text, inner, max_size=3),
    max_leaves=8,
)


def assert_settings_or_printable_lines(environ: dict[str, str], path: Path | None = None) -> None:
    lines: tuple[str, ...] = ("accepted",)
    try:
        load(environ, path)
    except SettingsError as error:
        lines = error.lines
    assert lines
    assert [line for line in lines if not line.isprintable() or len(line) > 600] == []


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(sorted(variables())), value=hostile_text | json_values.map(json.dumps))
@example(name="ALB502_SCOPES", value='{"\\f":{"":null}}')
def test_whatever_a_variable_holds_the_answer_is_settings_or_printable_lines(name: str, value: str) -> None:
    assert_settings_or_printable_lines({name: value})


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_whatever_a_file_holds_the_answer_is_settings_or_printable_lines(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "alb502.yaml"
    path.write_bytes(content)
    assert_settings_or_printable_lines({}, path)


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(sorted(SECRETS)),
    before=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30),
    after=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
    prefix=st.sampled_from(["", "xoxb-", "xapp-", "redis://", "http://x:"]),
)
def test_no_secret_gets_into_an_error_or_a_repr(name: str, before: str, after: str, prefix: str) -> None:
    try:
        shown = repr(load({name: f"{prefix}{before}{PLANTED}{after}"}))
    except SettingsError as error:
        shown = f"{error!r} {error}"
    assert PLANTED not in shown
