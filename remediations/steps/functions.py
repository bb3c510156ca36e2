"""Functions behind target groups: their permission, concurrency, settings, versions and aliases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import JsonValue

from diagnostics.facts import LambdaTarget
from diagnostics.snapshot import Subject
from remediations.fix import CannotPrepareError, Prepare
from remediations.plan import FROM, PLAN, Call, Guard, Kept, Look, Quiet, Write
from remediations.steps import healthy, paths

Setting = Literal["Timeout", "MemorySize"]
INVOKER = "elasticloadbalancing.amazonaws.com"
VERSION = "function version"
"""Under this name the number of the version that was published is kept."""
COUNTED_AFTER_S = 420
"""CloudWatch tells minutes later that calls no longer fail."""
_LATEST, _SERVING = "latest", "serving"
_OF_ITS_OWN = frozenset(
    {
        "FunctionArn",
        "LastModified",
        "LastUpdateStatus",
        "LastUpdateStatusReason",
        "LastUpdateStatusReasonCode",
        "MasterArn",
        "ResponseMetadata",
        "RevisionId",
        "State",
        "StateReason",
        "StateReasonCode",
        "Version",
        "Description",
        "SnapStart",
        "RuntimeVersionConfig",
        "ConfigSha256",
    }
)
"""Members of a configuration in which a version differs from what it was published of."""


def is_frozen(target: LambdaTarget) -> bool:
    """Whether the target is a published version, which cannot be changed."""
    return target.is_version


def leads_to_one_version(target: LambdaTarget) -> bool:
    """Whether the target is an alias whose requests all go to one published version."""
    return bool(
        target.is_alias and target.alias is not None and not target.alias.weights and target.alias.version.isdigit()
    )


def quiet(subject: Subject, target: LambdaTarget) -> tuple[Quiet, ...]:
    """No call of the function by a load balancer fails any more."""
    group = target.target_group
    return tuple(healthy.load_balancer_quiet(arn, "LambdaUserError", group) for arn in subject.load_balancers[:2])


def names_statement(target: LambdaTarget, text: str, *, is_so: bool, words: str) -> Guard:
    """Whether the policy of the very qualifier mentions this, which is a statement's id or an ARN. The policy comes as
    a text."""
    look = Look(
        call=Call.of("lambda", "get_policy", **_qualified(target)),
        path=f"contains(Policy || '', {paths.quoted(text)})",
    )
    return Guard(look=look, expected=is_so, text=words)


def allow(subject: Subject, target: LambdaTarget, statement: str, done_when: Guard) -> Write:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html"""
    call = Call.of(
        "lambda",
        "add_permission",
        **_qualified(target),
        StatementId=statement,
        Action="lambda:InvokeFunction",
        Principal=INVOKER,
        SourceArn=target.target_group,
        SourceAccount=subject.account,
    )
    return Write(call=call, resources=_arns(target), done_when=done_when)


def disallow(target: LambdaTarget, statement: str, done_when: Guard) -> Write:
    """Removes the statement that `allow` made, by its id."""
    call = Call.of("lambda", "remove_permission", **_qualified(target), StatementId=statement)
    return Write(call=call, resources=_arns(target), done_when=done_when)


def reserves(target: LambdaTarget, size: int | None) -> Guard:
    """The function's reserved concurrency; None: it has none."""
    call = Call.of("lambda", "get_function_concurrency", **_function(target))
    words = "nothing" if size is None else f"{size:,} executions at once"
    text = f"{words} {'is' if size is None else 'are'} reserved for {target.name}"
    return Guard(look=Look(call=call, path="ReservedConcurrentExecutions"), expected=size, text=text)


def leaves_unreserved(least: int) -> Guard:
    """The account has so much that nobody reserved."""
    call = Call.of("lambda", "get_account_settings")
    path = paths.no_less("AccountLimit.UnreservedConcurrentExecutions", least)
    text = f"the account has {least:,} executions at once that nobody reserved"
    return Guard(look=Look(call=call, path=path), expected=True, text=text)


def reserve(target: LambdaTarget, size: int) -> Write:
    """https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionConcurrency.html"""
    call = Call.of("lambda", "put_function_concurrency", **_function(target), ReservedConcurrentExecutions=size)
    return Write(call=call, resources=(target.function_arn,), done_when=reserves(target, size))


def lift_reservation(target: LambdaTarget) -> Write:
    """Takes the function's own limit away.
    https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunctionConcurrency.html"""
    call = Call.of("lambda", "delete_function_concurrency", **_function(target))
    return Write(call=call, resources=(target.function_arn,), done_when=reserves(target, None))


def has_setting(target: LambdaTarget, name: Setting, value: int, qualifier: str | None = None) -> Guard:
    """Of the function itself, or of what the qualifier leads to."""
    given: dict[str, JsonValue] = _function(target) | ({"Qualifier": qualifier} if qualifier else {})
    call = Call.of("lambda", "get_function_configuration", **given)
    where = f"{target.name}:{qualifier}" if qualifier else target.name
    return Guard(look=Look(call=call, path=name), expected=value, text=f"{name} of {where} is {value}")


def is_settled(target: LambdaTarget) -> Guard:
    """No change of the function is being applied."""
    call = Call.of("lambda", "get_function_configuration", **_function(target))
    look = Look(call=call, path="(LastUpdateStatus || 'Successful') == 'Successful'")
    return Guard(look=look, expected=True, text=f"no change of {target.name} is being applied")


def set_setting(target: LambdaTarget, name: Setting, value: int) -> Write:
    """Of the function itself, which is what its next version is published of. Members that are not named stay.
    https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html"""
    call = Call.of("lambda", "update_function_configuration", **{**_function(target), name: value})
    return Write(call=call, resources=(target.function_arn,), done_when=has_setting(target, name, value))


def set_setting_of_alias(target: LambdaTarget, name: Setting, before: int, after: int) -> Iterator[Write]:
    """Publishes a version that differs from the serving one in this setting alone, and moves the alias to it."""
    function, arguments = _function(target), _arguments(target, name, before, after)
    update = set_setting(target, name, after)
    yield update.model_copy(
        update={"reads": _both(target), "prepared_by": prepare_setting.__name__, "arguments": arguments}
    )
    newest = Call.of("lambda", "list_versions_by_function", **function)
    last = "max_by(Versions[?Version != '$LATEST'], &to_number(Version))"
    yield Write(
        call=Call.of("lambda", "publish_version", **function),
        resources=(target.function_arn,),
        done_when=Guard(
            look=Look(call=newest, path=f"{last}.Description"),
            expected={FROM: PLAN},
            text=f"the newest version of {target.name} is the one with {name} {after}",
        ),
        keeps=(Kept(name=VERSION, in_answer="Version", look=Look(call=newest, path=f"{last}.Version")),),
        reads=_both(target),
        prepared_by=prepare_version.__name__,
        arguments=arguments,
    )
    yield move_alias(target, {FROM: VERSION}, "the new version")


def leads_to(target: LambdaTarget, version: JsonValue, words: str) -> Guard:
    """All requests of the alias go to this version."""
    alias = target.alias.name if target.alias else ""
    call = Call.of("lambda", "get_alias", **_function(target), Name=alias)
    path = "[FunctionVersion, RoutingConfig.AdditionalVersionWeights || `{}`]"
    return Guard(
        look=Look(call=call, path=path), expected=[version, {}], text=f"{alias} of {target.name} leads to {words}"
    )


def move_alias(target: LambdaTarget, version: JsonValue, words: str) -> Write:
    """https://docs.aws.amazon.com/lambda/latest/api/API_UpdateAlias.html"""
    alias = target.alias.name if target.alias else ""
    call = Call.of("lambda", "update_alias", **_function(target), Name=alias, FunctionVersion=version)
    return Write(call=call, resources=_arns(target), done_when=leads_to(target, version, words))


def can_run(target: LambdaTarget, version: str) -> Guard:
    """The version is there; one that nobody called for long is inactive and wakes up."""
    given: dict[str, JsonValue] = {**_function(target), "Qualifier": version}
    call = Call.of("lambda", "get_function_configuration", **given)
    look = Look(call=call, path="contains(['Active', 'Inactive'], State || 'Active') && Version")
    return Guard(look=look, expected=version, text=f"version {version} of {target.name} can run")


def prepare_setting(answers: Mapping[str, Any], arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Only where the function itself is what the serving version was published of; RevisionId stops a change that
    comes in between."""
    latest, serving = answers[_LATEST], answers[_SERVING]
    _check_the_same(latest, serving, {})
    name = str(arguments["setting"])
    if serving.get(name) != arguments["before"]:
        raise CannotPrepareError(f"{name} is {serving.get(name)} by now, and was {arguments['before']}")
    revision = {"RevisionId": latest["RevisionId"]} if latest.get("RevisionId") else {}
    return {"FunctionName": arguments["function"], name: arguments["after"], **revision}


def prepare_version(answers: Mapping[str, Any], arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """AWS publishes nothing when the code is not that of the serving version any more."""
    latest, serving = answers[_LATEST], answers[_SERVING]
    _check_the_same(latest, serving, {str(arguments["setting"]): arguments["after"]})
    return {
        "FunctionName": arguments["function"],
        "CodeSha256": serving["CodeSha256"],
        "Description": arguments["plan"],
    }


PREPARES: dict[str, Prepare] = {
    prepare_setting.__name__: prepare_setting,
    prepare_version.__name__: prepare_version,
}


def _check_the_same(latest: Mapping[str, Any], serving: Mapping[str, Any], but: Mapping[str, Any]) -> None:
    members = (latest.keys() | serving.keys()) - _OF_ITS_OWN
    differing = sorted(one for one in members if latest.get(one) != {**serving, **but}.get(one))
    if differing:
        raise CannotPrepareError(
            "the function differs from the version that serves, so that publishing it would bring more than this:"
            f" {', '.join(differing)[:200]}"
        )


def _arguments(target: LambdaTarget, name: Setting, before: int, after: int) -> dict[str, JsonValue]:
    return {"function": target.name, "setting": name, "before": before, "after": after, "plan": {FROM: PLAN}}


def _both(target: LambdaTarget) -> dict[str, Call]:
    """What the next version would be published of, and what serves."""
    operation, alias = "get_function_configuration", target.alias.name if target.alias else ""
    return {
        _LATEST: Call.of("lambda", operation, **_function(target)),
        _SERVING: Call.of("lambda", operation, **_function(target), Qualifier=alias),
    }


def _function(target: LambdaTarget) -> dict[str, JsonValue]:
    return {"FunctionName": target.name}


def _qualified(target: LambdaTarget) -> dict[str, JsonValue]:
    """A policy belongs to one qualifier. https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html"""
    return _function(target) | ({"Qualifier": target.qualifier} if target.qualifier else {})


def _arns(target: LambdaTarget) -> tuple[str, ...]:
    """Lambda judges a call with a qualifier by the function or by what the qualifier names, depending on the call."""
    return tuple(dict.fromkeys((target.function_arn, target.target)))
