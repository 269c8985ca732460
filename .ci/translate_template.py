"""Prints template.yaml as SAM turns it into CloudFormation, so that linters see what AWS will run."""

import json
import os
import pathlib
import sys
from types import SimpleNamespace

# The translator asks boto3 for a region to fill in partitions; any region does.
os.environ.setdefault("AWS_DEFAULT_REGION", "ap-northeast-1")

from samtranslator.translator.transform import transform  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402

# Managed policies are looked up by name on AWS; the template names none, so an empty list serves.
NO_MANAGED_POLICIES = SimpleNamespace(load=dict)


def uploaded(template):
    """Replaces local paths by the addresses that `sam package` would put there."""
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if "CodeUri" in properties:
            properties["CodeUri"] = "s3://artifacts/function.zip"
        if "TemplateURL" in properties:
            properties["TemplateURL"] = "https://artifacts.s3.amazonaws.com/" + properties["TemplateURL"]
    return template


def main():
    template = uploaded(yaml_parse(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")))
    json.dump(transform(template, {}, NO_MANAGED_POLICIES), sys.stdout, indent=2)


if __name__ == "__main__":
    main()
