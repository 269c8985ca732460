"""Checks the bodies of CloudWatch dashboards, which cfn-lint takes for opaque text."""

import itertools
import json
import pathlib
import re
import sys

from jsonschema import Draft202012Validator
from lint import report

COLUMNS = 24

SCHEMA = json.loads(pathlib.Path(__file__).with_name("dashboard.schema.json").read_text(encoding="utf-8"))

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
FUNCTIONS = set(
    """ABS ANOMALY_DETECTION_BAND AVG CEIL DATAPOINT_COUNT DATE DAY DB_PERF_INSIGHTS DIFF DIFF_TIME EPOCH FILL FIRST
    FLOOR HOUR IF INSIGHT_RULE_METRIC LAMBDA LAST LOG LOG10 MAX METRICS METRIC_COUNT MIN MINUTE MONTH PERIOD RATE
    REMOVE_EMPTY RUNNING_SUM SEARCH SERVICE_QUOTA SLICE SORT STDDEV SUM TIME_SERIES YEAR""".split()
)


def resolve(node):
    """The body with every parameter's name standing for its value."""
    if isinstance(node, list):
        return [resolve(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node.keys() == {"Ref"}:
        return node["Ref"]
    if node.keys() == {"Fn::Sub"}:
        return re.sub(r"\$\{([^}]+)\}", lambda match: match[1].replace("::", ""), node["Fn::Sub"])
    return {key: resolve(value) for key, value in node.items()}


def name(index, widget):
    return f"widget {index} ({widget['properties'].get('title', widget['type'])})"


def layout_findings(widgets):
    for index, widget in enumerate(widgets):
        if widget["x"] + widget["width"] > COLUMNS:
            yield f"{name(index, widget)} reaches beyond column {COLUMNS}"
    for (i, one), (j, other) in itertools.combinations(enumerate(widgets), 2):
        apart = (
            one["x"] + one["width"] <= other["x"]
            or other["x"] + other["width"] <= one["x"]
            or one["y"] + one["height"] <= other["y"]
            or other["y"] + other["height"] <= one["y"]
        )
        if not apart:
            yield f"{name(i, one)} and {name(j, other)} overlap"


def rendering(metric):
    return metric[-1] if isinstance(metric[-1], dict) else {}


def expression_findings(metrics):
    options = [rendering(metric) for metric in metrics]
    ids = [option["id"] for option in options if "id" in option]
    for repeated in {one for one in ids if ids.count(one) > 1}:
        yield f"the id {repeated} is given twice"
    used = set()
    for expression in (option["expression"] for option in options if "expression" in option):
        # What stands in quotes is a search schema or a statistic, never an id.
        code = re.sub(r"'[^']*'", "", expression)
        for function in re.findall(r"\b([A-Z][A-Z0-9_]*)\s*\(", code):
            if function not in FUNCTIONS:
                yield f"CloudWatch knows no function {function}"
        used |= set(re.findall(r"\b[a-z]\w*\b", code))
    for unknown in sorted(used - set(ids)):
        yield f"an expression uses the id {unknown}, which no metric has"
    for option in options:
        if option.get("visible") is False and option.get("id") not in used:
            yield f"{option.get('id') or option.get('label')} is hidden and no expression uses it"


def body_findings(body):
    errors = sorted(Draft202012Validator(SCHEMA).iter_errors(body), key=str)
    if errors:
        # The other checks rely on the shape.
        return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in errors]
    widgets = body["widgets"]
    findings = list(layout_findings(widgets))
    for index, widget in enumerate(widgets):
        found = expression_findings(widget["properties"].get("metrics", []))
        findings += [f"{name(index, widget)}: {finding}" for finding in found]
    return findings


def bodies(template):
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == "AWS::CloudWatch::Dashboard":
            yield logical_id, resolve(resource["Properties"]["DashboardBody"]["Fn::ToJsonString"])


def main():
    dashboards = (
        (f"{path}: {logical_id}", body_findings(body))
        for path in sys.argv[1:]
        for logical_id, body in bodies(json.loads(pathlib.Path(path).read_text(encoding="utf-8")))
    )
    report(("dashboard", "dashboards"), dashboards)


if __name__ == "__main__":
    main()
