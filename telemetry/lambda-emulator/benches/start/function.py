"""The start of the functions' Python versions: import boto3, build the same clients, ask for an event."""

import http.client
import os
import sys

import boto3

CLIENTS = {
    "generate-upload-url": ["s3"],
    "image-processor-lambda": ["s3", "dynamodb", "sns", "sqs"],
    "s3-metrics-lambda": ["s3", "cloudwatch"],
}

clients = [boto3.client(service) for service in CLIENTS[sys.argv[1]]]
runtime = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
runtime.request("GET", "/2018-06-01/runtime/invocation/next")
runtime.getresponse().read()
