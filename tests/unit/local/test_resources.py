"""The one declaration of the resources holds what the design promises."""

from __future__ import annotations

from local.resources import load_resources

DECLARED = load_resources(stage="prod", region="eu-west-1", account="123456789012")


def test_every_name_carries_its_stage() -> None:
    assert DECLARED["queue"]["QueueName"] == "prosa-prod-jobs.fifo"
    assert DECLARED["table"]["TableName"] == "prosa-prod"
    assert DECLARED["bucket"]["Bucket"] == "prosa-prod-123456789012-texts"
    assert all(each["Name"].startswith("/prosa/prod/") for each in DECLARED["parameters"])


def test_the_redrive_policy_names_the_declared_dead_letter_queue() -> None:
    arn = DECLARED["queue"]["Attributes"]["RedrivePolicy"]["deadLetterTargetArn"]
    name = DECLARED["dead_letter_queue"]["QueueName"]
    assert arn == f"arn:aws:sqs:eu-west-1:123456789012:{name}"


def test_secrets_and_nothing_else_are_secure_strings() -> None:
    secure = {each["Name"] for each in DECLARED["parameters"] if each["Type"] == "SecureString"}
    assert secure == {
        "/prosa/prod/jwt/private-key",
        "/prosa/prod/refresh-token-key",
        "/prosa/prod/openai-api-key",
        "/prosa/prod/anthropic-api-key",
    }
