"""Prints a request without a signature for each operation of the services that the template uses, as JSON lines.

The models are those of the AWS CLI, which the engine brings.
"""

import gzip
import json
import re
from pathlib import Path

import botocore

SERVICES = [
    *("apigatewayv2", "cloudformation", "cloudwatch", "cognito-identity", "cognito-idp", "dynamodb", "events", "iam"),
    *("lambda", "logs", "s3", "sns", "sqs", "sts"),
]


def model(service):
    versions = sorted((Path(botocore.__file__).parent / "data" / service).iterdir())
    return json.loads(gzip.decompress((versions[-1] / "service-2.json.gz").read_bytes()))


def request(metadata, name, operation):
    if "targetPrefix" in metadata and metadata["protocol"] != "query":
        kind = f"application/x-amz-json-{metadata['jsonVersion']}"
        return "POST", "/", {"x-amz-target": f"{metadata['targetPrefix']}.{name}", "content-type": kind}, "{}"
    if metadata["protocol"] == "query":
        form = f"Action={name}&Version={metadata['apiVersion']}"
        return "POST", "/", {"content-type": "application/x-www-form-urlencoded"}, form
    method = operation["http"]["method"]
    path = re.sub(r"\{[^}]*\}", "a-bucket", operation["http"]["requestUri"])
    return method, path, {}, "{}" if method in ("POST", "PUT", "PATCH") else ""


for service in SERVICES:
    found = model(service)
    for name, operation in found["operations"].items():
        method, path, headers, body = request(found["metadata"], name, operation)
        line = {"service": service, "name": name, "method": method, "path": path, "headers": headers, "body": body}
        print(json.dumps(line))
