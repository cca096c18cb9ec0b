"""The CloudFormation template: valid, creatable as far as moto goes, and with no more rights than are needed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from cfnlint.decode import decode
from moto import mock_aws

from northstar.console import ExitCode

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "schedulers" / "aws" / "northstar.yaml"
STACK = "northstar"
BEYOND_MOTO = {
    "AWS::CloudWatch::Alarm",
    "AWS::Logs::MetricFilter",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::Scheduler::Schedule",
    "AWS::SecretsManager::Secret",
}
"""Types that moto's CloudFormation passes over."""
MASTER_SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds"
"""Stands in for an attribute of RDS that moto does not know."""
SNOWFLAKE_USER = "arn:aws:iam::999999999999:user/snowflake"


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    found, problems = decode(str(TEMPLATE))
    assert not problems
    return dict(found)


@pytest.fixture(scope="module")
def resources(template: dict[str, Any]) -> Iterator[dict[str, str]]:
    """The stack as moto creates it: the physical id of each resource."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
            patch.delenv(name, raising=False)
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        ec2 = boto3.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"]
            for number, zone in enumerate("ab")
        ]
        parameters = {
            "VpcId": vpc,
            "PrivateSubnetIds": ",".join(subnet["SubnetId"] for subnet in subnets),
            "ImageUri": f"123456789012.dkr.ecr.us-east-1.example/northstar@sha256:{'0' * 64}",
            "SnowflakeAccount": "ORG-ACCOUNT",
            "SnowflakeStorageUser": SNOWFLAKE_USER,
            "SnowflakeExternalId": "ORG_ACCOUNT_SFCRole=1",
            "PartnerBucketName": "partners",
            "SalesforceLoginUrl": "https://example.my.salesforce.com",
            "AlarmEmail": "data@example.com",
        }
        # As JSON: moto's reader of YAML knows the short forms of functions by half.
        body = json.dumps(template)
        body = body.replace('{"Fn::GetAtt": ["State", "MasterUserSecret.SecretArn"]}', f'"{MASTER_SECRET}"')
        body = body.replace("${State.MasterUserSecret.SecretArn}", MASTER_SECRET)
        cloudformation = boto3.client("cloudformation")
        cloudformation.create_stack(
            StackName=STACK,
            TemplateBody=body,
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=["CAPABILITY_IAM"],
        )
        stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        assert stack["StackStatus"] == "CREATE_COMPLETE"
        made = cloudformation.list_stack_resources(StackName=STACK)["StackResourceSummaries"]
        yield {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in made if one["LogicalResourceId"]}


def test_cfn_lint_finds_nothing() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "cfn-lint"), str(TEMPLATE)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout


def test_every_resource_is_made(template: dict[str, Any], resources: dict[str, str]) -> None:
    expected = {name for name, one in template["Resources"].items() if one["Type"] not in BEYOND_MOTO}
    assert expected == set(resources)


def _properties(template: dict[str, Any], name: str) -> dict[str, Any]:
    return dict(template["Resources"][name]["Properties"])


def test_the_landing_zone_is_encrypted_versioned_closed_and_tidied(
    template: dict[str, Any], resources: dict[str, str]
) -> None:
    s3, bucket = boto3.client("s3"), resources["LandingBucket"]
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    wanted = _properties(template, "LandingBucket")
    assert all(wanted["PublicAccessBlockConfiguration"].values())
    assert wanted["VersioningConfiguration"] == {"Status": "Enabled"}
    rules = {rule["Id"]: rule for rule in wanted["LifecycleConfiguration"]["Rules"]}
    assert rules["swept-files-go-for-good"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    (statement,) = _properties(template, "LandingBucketPolicy")["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_the_tick_is_started_at_each_half_hour_and_what_is_not_is_kept(template: dict[str, Any]) -> None:
    schedule = _properties(template, "TickSchedule")
    assert (schedule["ScheduleExpression"], schedule["State"]) == ("cron(0/30 * * * ? *)", "ENABLED")
    target = schedule["Target"]
    assert target["DeadLetterConfig"]["Arn"] == {"Fn::GetAtt": ["NotStarted", "Arn"]}
    assert target["EcsParameters"]["TaskDefinitionArn"] == {"Ref": "TickTask"}
    network = target["EcsParameters"]["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert network["AssignPublicIp"] == "DISABLED"


def test_the_task_is_what_the_dockerfile_makes(template: dict[str, Any], resources: dict[str, str]) -> None:
    found = boto3.client("ecs").describe_task_definition(taskDefinition=resources["TickTask"])["taskDefinition"]
    (container,) = found["containerDefinitions"]
    task = _properties(template, "TickTask")
    assert (task["NetworkMode"], task["RequiresCompatibilities"], container["command"]) == (
        "awsvpc",
        ["FARGATE"],
        ["tick"],
    )
    (wanted,) = task["ContainerDefinitions"]
    assert wanted["ReadonlyRootFilesystem"] is True
    assert [point["ContainerPath"] for point in wanted["MountPoints"]] == ["/tmp"]
    dockerfile = (ROOT / "Dockerfile").read_text()
    written = re.findall(r"NORTHSTAR_(?:CACHE|DUCKDB|STATE|LOCK)=(\S+)", dockerfile)
    assert len(written) == 4 and all(path.startswith("/tmp/") for path in written)


def test_the_state_is_private_encrypted_and_kept(template: dict[str, Any], resources: dict[str, str]) -> None:
    (state,) = boto3.client("rds").describe_db_instances(DBInstanceIdentifier=resources["State"])["DBInstances"]
    assert (state["Engine"], state["PubliclyAccessible"], state["StorageEncrypted"]) == ("postgres", False, True)
    wanted = _properties(template, "State")
    assert wanted["MultiAZ"] and wanted["DeletionProtection"] and wanted["BackupRetentionPeriod"] == 14
    assert template["Resources"]["State"]["DeletionPolicy"] == "Snapshot"
    ingress = _properties(template, "StateSecurityGroup")["SecurityGroupIngress"]
    assert [rule["SourceSecurityGroupId"] for rule in ingress] == [{"Fn::GetAtt": ["TaskSecurityGroup", "GroupId"]}]


def test_failed_ticks_late_data_and_unstarted_ticks_raise_alarms(template: dict[str, Any]) -> None:
    alarms = {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }
    assert set(alarms) == {"TickFailedAlarm", "DataIsLateAlarm", "NotStartedAlarm"}
    assert all(alarm["AlarmActions"] == [{"Ref": "Alarms"}] for alarm in alarms.values())
    assert alarms["DataIsLateAlarm"]["TreatMissingData"] == "breaching"
    filters = {_properties(template, name)["MetricTransformations"][0]["MetricName"] for name in FILTERS}
    assert {alarms["TickFailedAlarm"]["MetricName"], alarms["DataIsLateAlarm"]["MetricName"]} == filters


def test_a_container_that_dies_by_itself_is_told_of(template: dict[str, Any]) -> None:
    """By exit codes that no command gives: those of commands are told of by the metrics, or are no failures."""
    (codes,) = _properties(template, "TaskDied")["EventPattern"]["detail"]["containers"]["exitCode"]
    assert set(codes["anything-but"]) == {code.value for code in ExitCode if code is not ExitCode.WRONG_USE}


FILTERS = ("FailedTicks", "GoodTicks")


def test_the_metric_filters_read_what_a_tick_logs(template: dict[str, Any]) -> None:
    """The pattern names an event and a status; ticks log exactly these."""
    source = (ROOT / "northstar" / "tick.py").read_text()
    for name in FILTERS:
        pattern = template["Resources"][name]["Properties"]["FilterPattern"]
        (event,) = re.findall(r'\$\.event = "(\w+)"', pattern)
        assert f'_log.info("{event}", extra=report.as_line())' in source
        statuses = set(re.findall(r'\$\.status !?= "(\w+)"', pattern))
        assert statuses <= set(re.findall(r'"(\w+)"', source))


def _statements(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::IAM::Role":
            for policy in resource["Properties"]["Policies"]:
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield f"{name}: {statement['Sid']}", statement


def test_roles_may_do_what_is_needed_and_no_more(template: dict[str, Any]) -> None:
    everywhere = []
    for where, statement in _statements(template):
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not any("*" in action for action in actions), where
        if statement["Resource"] == "*":
            everywhere.append(where)
    assert everywhere == ["ExecutionRole: TokenOfTheRegistryWhichHasNoResource"]
    task = {
        action
        for where, statement in _statements(template)
        if where.startswith("TaskRole")
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    assert not task & {"secretsmanager:GetSecretValue", "iam:PassRole", "ecs:RunTask"}


def test_snowflake_reads_the_landing_zone_once_it_is_known(template: dict[str, Any], resources: dict[str, str]) -> None:
    (given,) = boto3.client("iam").get_role(RoleName=resources["SnowflakeStorageRole"])["Role"][
        "AssumeRolePolicyDocument"
    ]["Statement"]
    assert (given["Effect"], given["Principal"]) == ("Allow", {"AWS": SNOWFLAKE_USER})
    assert given["Condition"] == {"StringEquals": {"sts:ExternalId": "ORG_ACCOUNT_SFCRole=1"}}

    role = template["Resources"]["SnowflakeStorageRole"]["Properties"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Effect"] == {"Fn::If": ["SnowflakeIsKnown", "Allow", "Deny"]}
    for parameter in ("SnowflakeStorageUser", "SnowflakeExternalId"):
        assert template["Parameters"][parameter]["Default"] == ""
        assert {"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, ""]}]} in template["Conditions"]["SnowflakeIsKnown"][
            "Fn::And"
        ]
    (policy,) = role["Policies"]
    actions = [statement["Action"] for statement in policy["PolicyDocument"]["Statement"]]
    assert actions == [
        "s3:ListBucket", "s3:GetBucketLocation", ["s3:GetObject", "s3:GetObjectVersion"], "kms:Decrypt",
    ]  # fmt: skip


def test_the_task_gets_settings_that_exist(template: dict[str, Any]) -> None:
    settings = (ROOT / "docs" / "settings.md").read_text()
    known = set(re.findall(r"`(NORTHSTAR_\w+|AWS_\w+)`", settings))
    for first, rest in re.findall(r"`(NORTHSTAR_[A-Z]+)_\w+`((?:, `_\w+`)+)", settings):
        known |= {first + suffix for suffix in re.findall(r"`(_\w+)`", rest)}
    (container,) = template["Resources"]["TickTask"]["Properties"]["ContainerDefinitions"]
    given = {entry["Name"] for entry in [*container["Environment"], *container["Secrets"]]}
    assert given <= known | {"AWS_DEFAULT_REGION"}


def test_secrets_are_secrets(template: dict[str, Any]) -> None:
    (container,) = template["Resources"]["TickTask"]["Properties"]["ContainerDefinitions"]
    words = ("PASSWORD", "SECRET", "KEY", "DSN", "TOKEN", "WEBHOOK")
    assert [entry["Name"] for entry in container["Environment"] if any(word in entry["Name"] for word in words)] == []
