"""Each piece of moto's inside that the simulated AWS leans on, so that an upgrade fails here with a name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from moto.core import responses
from moto.core.errors import COMMON_ERROR_CODES
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.responses import ActionContext, ActionResult
from moto.core.routing import get_service_router
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from moto.ec2.models import ec2_backends, tags
from moto.ec2.responses import EC2Response
from moto.elbv2.models import elbv2_backends
from moto.iam.models import get_account_id_from
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import s3_backends
from moto.sts.models import sts_backends

from demo.aws.call import AwsError
from demo.aws.remembering import remember

ACCOUNT, REGION = "498888888888", "eu-west-1"
CREDENTIAL = "AWS4-HMAC-SHA256 Credential=k/20261121/eu-west-1/ec2/aws4_request, SignedHeaders=host, Signature=0"
FORM = "application/x-www-form-urlencoded; charset=utf-8"


def request(body: str, content_type: str, **headers: str) -> Request:
    return Request.from_primitives("POST", "http://127.0.0.1/", {"Content-Type": content_type, **headers}, body)


def test_get_service_model_and_router_find_a_query_operation() -> None:
    operation, params = get_service_router("elbv2").match(request("Action=DescribeRules&Version=2015-12-01", FORM))
    assert (operation.name, params) == ("DescribeRules", {})
    assert get_service_model("health").operation_model("DescribeEvents").name == "DescribeEvents"


def test_router_finds_a_json_operation_by_its_target() -> None:
    header = {"X-Amz-Target": "AmazonEC2ContainerServiceV20141113.ListClusters"}
    operation, _ = get_service_router("ecs").match(request("{}", "application/x-amz-json-1.1", **header))
    assert operation.name == "ListClusters"


def test_determine_request_protocol_follows_the_content_type() -> None:
    assert determine_request_protocol(get_service_model("ec2"), FORM) == "ec2"
    assert determine_request_protocol(get_service_model("elbv2"), FORM) == "query"
    assert determine_request_protocol(get_service_model("ecs"), "application/x-amz-json-1.1") == "json"


def test_parsers_return_typed_parameters() -> None:
    wire = request("Action=DescribeRules&PageSize=5&RuleArns.member.1=arn", FORM)
    operation = get_service_model("elbv2").operation_model("DescribeRules")
    parsed = PROTOCOL_PARSERS["query"](operation).parse(
        {"method": "POST", "values": wire.values, "headers": wire.headers, "body": wire.data, "url_path": "/",
         "url_params": {}}
    )  # fmt: skip
    assert parsed == {"PageSize": 5, "RuleArns": ["arn"]}


def context(service: str, operation: str, protocol: str) -> ActionContext:
    model = get_service_model(service)
    serializer: Any = get_serializer_class(service, protocol)
    nobody: Any = None
    return ActionContext(model, model.operation_model(operation), serializer, nobody)


def test_action_result_serialises_a_mapping_and_an_exception() -> None:
    status, _, body = ActionResult({"clusterArns": ["a"]}).execute_result(context("ecs", "ListClusters", "json"))
    assert (status, json.loads(body)) == (200, {"clusterArns": ["a"]})
    refused = AwsError("ClusterNotFoundException", "no such cluster")
    status, _, body = ActionResult(refused).execute_result(context("ecs", "ListClusters", "json"))
    assert status == 400
    assert json.loads(body)["__type"].endswith("ClusterNotFoundException")


def test_common_error_codes_is_a_list_that_silences_the_warning() -> None:
    assert isinstance(COMMON_ERROR_CODES, list)
    with pytest.warns(UserWarning, match="does not match an error shape"):
        ActionResult(AwsError("Unheard", "x")).execute_result(context("ecs", "ListClusters", "json"))


def test_dispatcher_knows_its_services_and_honours_the_account_header() -> None:
    application = DomainDispatcherApplication(create_backend_app)
    credential = "AWS4-HMAC-SHA256 Credential=k/20261121/eu-west-1/sts/aws4_request, SignedHeaders=host, Signature=0"
    environ = request(
        "Action=GetCallerIdentity&Version=2011-06-15", FORM, Authorization=credential,
        **{"x-moto-account-id": ACCOUNT},
    ).environ  # fmt: skip
    host = application.infer_service_region_host(environ, "/")
    assert any(pattern.match(f"http://{host}") for _, pattern in application.backend_url_patterns)
    body = b"".join(application(environ, lambda *_: None))
    assert ACCOUNT.encode() in body


def test_an_assumed_role_is_found_by_its_access_key() -> None:
    sts = sts_backends[ACCOUNT]["aws"]
    role = sts.assume_role(REGION, "bot", f"arn:aws:iam::{ACCOUNT}:role/r", '{"Statement": []}', 900, "x")
    found = sts.get_assumed_role_from_access_key(role.access_key_id)
    assert found is role
    assert found in sts.assumed_roles
    assert (role.role_arn, role.session_name, role.policy) == (
        f"arn:aws:iam::{ACCOUNT}:role/r", "bot", '{"Statement": []}'
    )  # fmt: skip
    assert role.arn.endswith("assumed-role/r/bot")
    assert get_account_id_from(role.access_key_id) == ACCOUNT


def test_ec2_backend_has_subnets_groups_rules_and_interfaces() -> None:
    ec2 = ec2_backends[ACCOUNT][REGION]
    vpc = ec2.create_vpc("10.0.0.0/16")
    subnet = ec2.create_subnet(vpc.id, "10.0.0.0/24", availability_zone=f"{REGION}a")
    group = ec2.create_security_group("g", "d", vpc_id=vpc.id)
    assert vpc.id in ec2.vpcs
    assert ec2.groups[vpc.id][group.id] is group
    assert ec2.get_security_group_from_id(group.id) is group
    assert ec2.get_subnet(subnet.id) in ec2.describe_subnets()
    assert group.egress_rules[0].source_group == {}
    interface = ec2.create_network_interface(subnet, "10.0.0.9", group_ids=[group.id], description="d")
    assert ec2.enis[interface.id] is interface
    assert interface.private_ip_address == "10.0.0.9"
    assert interface.group_set == [group]
    assert interface._group_set is interface.group_set
    assert not interface.requester_managed
    assert ec2.get_instance_by_id("i-0") is None


def test_elbv2_backend_has_attributes_listeners_rules_and_actions() -> None:
    ec2, elb = ec2_backends[ACCOUNT][REGION], elbv2_backends[ACCOUNT][REGION]
    vpc = ec2.create_vpc("10.1.0.0/16")
    subnets = [
        ec2.create_subnet(vpc.id, f"10.1.{n}.0/24", availability_zone=f"{REGION}{zone}") for n, zone in enumerate("ab")
    ]
    lb = elb.create_load_balancer("contract", [], [subnet.id for subnet in subnets], scheme="internal")
    tg = elb.create_target_group("contract", vpc_id=vpc.id, protocol="HTTP", port=80, target_type="ip")
    listener = elb.create_listener(lb.arn, "HTTP", "80", "", None, [{"Type": "forward", "TargetGroupArn": tg.arn}])
    assert (elb.load_balancers[lb.arn], elb.target_groups[tg.arn]) == (lb, tg)
    assert (lb.scheme, lb.subnets, isinstance(lb.attrs, dict)) == ("internal", subnets, True)
    assert isinstance(tg.attributes, dict)
    assert tg.load_balancer_arns == [lb.arn]
    assert (tg.target_type, tg.vpc_id) == ("ip", vpc.id)
    assert tg.health_check_interval_seconds is not None
    (rule,) = elb.describe_rules(listener.arn, None)
    assert rule.priority == "default"
    assert rule.actions[0].data["TargetGroupArn"] == tg.arn
    assert list(lb.listeners[listener.arn].rules.values()) == [rule]


def test_s3_backend_lists_buckets_by_name() -> None:
    s3_backends[ACCOUNT]["aws"].create_bucket("contract-bucket", REGION)
    assert "contract-bucket" in s3_backends[ACCOUNT]["aws"].buckets


def test_moto_looks_up_in_its_modules_what_is_remembered_there() -> None:
    remember()
    body = "Action=DescribeVpcs&Version=2016-11-15&Filter.1.Name=tag:a&Filter.1.Value.1=b"
    made = ec2_backends[ACCOUNT][REGION].create_vpc("10.2.0.0/16")
    methods, patterns = vars(responses)["method_names_from_class"], vars(tags)["simple_aws_filter_to_re"]
    before = methods.cache_info(), patterns.cache_info()
    for _ in range(2):
        EC2Response.dispatch(request(body, FORM, Authorization=CREDENTIAL), "https://ec2.amazonaws.com/", {})
        ec2_backends[ACCOUNT][REGION].describe_tags(filters={"resource-id": [made.id]})
    assert methods.cache_info().hits > before[0].hits
    assert patterns.cache_info().hits > before[1].hits
