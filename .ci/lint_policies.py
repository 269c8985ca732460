"""Checks every policy of a translated template: parliament's rules, and three of our own.

Ours: no Allow names an action by wildcard, none speaks in negatives (NotAction, NotResource, NotPrincipal),
and none is for everyone.
"""

import json
import pathlib
import re
import sys

from lint import report
from parliament import analyze_policy_string

# Findings that are right in general and wrong here, each with its reason.
ACCEPTED = [
    # The deployment guide requires the permission; it hands out identities, never credentials.
    ("PERMISSIONS_MANAGEMENT_ACTIONS", "cognito-identity:getid"),
    # A Deny of s3:* covers actions that never see these keys; there it is simply inert.
    ("UNKNOWN_CONDITION_FOR_ACTION", "s3:authType"),
    ("UNKNOWN_CONDITION_FOR_ACTION", "s3:signatureAge"),
]

# The same in trust policies only: to hand out a role's credentials is what they are for.
ACCEPTED_IN_TRUST = [
    ("CREDENTIALS_EXPOSURE", "sts:assumerole"),
    ("RESOURCE_STAR", "sts:AssumeRole"),
    # Documented for TagSession with Cognito, unknown to parliament.
    ("UNKNOWN_CONDITION_FOR_ACTION", "cognito-identity.amazonaws.com:"),
]

ARNS = {
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:ap-northeast-1:123456789012:table/{}",
    "AWS::IAM::Role": "arn:aws:iam::123456789012:role/{}",
    "AWS::Lambda::Function": "arn:aws:lambda:ap-northeast-1:123456789012:function:{}",
    "AWS::Logs::LogGroup": "arn:aws:logs:ap-northeast-1:123456789012:log-group:{}:*",
    "AWS::S3::Bucket": "arn:aws:s3:::{}",
    "AWS::SNS::Topic": "arn:aws:sns:ap-northeast-1:123456789012:{}",
    "AWS::SQS::Queue": "arn:aws:sqs:ap-northeast-1:123456789012:{}",
}

PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "ap-northeast-1",
}


class Template:
    """A template whose intrinsic functions are answered with example values."""

    def __init__(self, document):
        self.parameters = document.get("Parameters", {})
        self.resources = document["Resources"]

    def resolve(self, node):
        if isinstance(node, list):
            return [self.resolve(item) for item in node]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, argument),) = node.items()
            if name == "Ref":
                return self.ref(argument)
            if name == "Fn::GetAtt":
                return self.attribute(*argument)
            if name == "Fn::Sub":
                return self.substitute(argument)
            if name == "Fn::If":
                # Both branches name the same thing, one by the operator's name and one by ours.
                return self.resolve(argument[2])
        return {key: self.resolve(value) for key, value in node.items()}

    def ref(self, name):
        if name in PSEUDO:
            return PSEUDO[name]
        if name in self.parameters:
            return str(self.parameters[name].get("Default") or "x")
        if self.resources[name]["Type"] == "AWS::SNS::Topic":
            return self.attribute(name, "Arn")
        return name.lower()

    def attribute(self, name, attribute):
        if attribute != "Arn":
            return attribute
        return ARNS[self.resources[name]["Type"]].format(name.lower())

    def substitute(self, text):
        def value(match):
            if match[1].startswith("!"):
                return "${" + match[1][1:] + "}"
            name, _, attribute = match[1].partition(".")
            return self.attribute(name, attribute) if attribute else self.ref(name)

        return re.sub(r"\$\{([^}]+)\}", value, text)

    def policies(self):
        """Every policy with the place where it stands."""
        for name, resource in self.resources.items():
            properties = resource.get("Properties", {})
            for key in ("PolicyDocument", "AssumeRolePolicyDocument"):
                if key in properties:
                    yield f"{name}.{key}", self.resolve(properties[key])
            for policy in properties.get("Policies", []) if resource["Type"] == "AWS::IAM::Role" else []:
                yield f"{name}.{policy['PolicyName']}", self.resolve(policy["PolicyDocument"])


def listed(value):
    return value if isinstance(value, list) else [value]


def own_findings(policy):
    for statement in listed(policy["Statement"]):
        sid = statement.get("Sid", "a statement without Sid")
        for key in statement.keys() & {"NotAction", "NotResource", "NotPrincipal"}:
            yield f"{sid}: {key} covers more than anyone reads; name what is meant"
        if statement["Effect"] == "Deny":
            continue
        for action in listed(statement.get("Action", [])):
            if "*" in action:
                yield f"{sid}: the wildcard action {action} grants what nobody asked for; name the actions"
        if statement.get("Principal") in ("*", {"AWS": "*"}):
            yield f"{sid}: allows everyone"


def parliament_findings(policy, accepted):
    # A trust policy has no Resource: it stands on its role. Parliament knows none but policies with one.
    statements = [{"Resource": "*", **statement} for statement in listed(policy["Statement"])]
    analysed = analyze_policy_string(
        json.dumps({**policy, "Statement": statements}), include_community_auditors=True
    )
    for finding in analysed.findings:
        text = f"{finding.detail} {finding.location}"
        if not any(finding.issue == issue and part in text for issue, part in accepted):
            yield f"{finding.issue} {finding.detail or finding.location}"


def findings(place, policy):
    trust = place.endswith(".AssumeRolePolicyDocument")
    yield from own_findings(policy)
    yield from parliament_findings(policy, ACCEPTED_IN_TRUST if trust else ACCEPTED)


def main():
    template = Template(json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")))
    report(("policy", "policies"), ((place, findings(place, policy)) for place, policy in template.policies()))


if __name__ == "__main__":
    main()
