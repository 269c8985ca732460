"""Logs Insights: saved queries, and queries answered by the language that `ops` understands.

- AWS::Logs::QueryDefinition in templates; PutQueryDefinition, DescribeQueryDefinitions, DeleteQueryDefinition
- StartQuery: the engine finds the lines, and leaves out whatever it does not understand of the query. With the address in
  HANDED_ON these lines are answered there, and a query that is not understood is refused.

Written for the pinned version of the engine; whatever is wrapped here is checked first.
"""

import json
import time

from ministack.core.responses import AccountRegionScopedDict, error_response_json, json_response, new_uuid
from ministack.services import cloudwatch_logs
from ministack.services.cloudformation import provisioners

import handed_on
from pinned import wrap

TYPE = "AWS::Logs::QueryDefinition"
INSIGHTS = "CWLI"
MOST_RESULTS = 1000

# By id.
definitions = AccountRegionScopedDict()


def put(data):
    name, text = data.get("name"), data.get("queryString")
    if not name or not text:
        return error_response_json("InvalidParameterException", "name and queryString are required.", 400)
    if data.get("queryLanguage", INSIGHTS) != INSIGHTS:
        return error_response_json("InvalidParameterException", f"Only queries in {INSIGHTS} are answered here.", 400)
    known = data.get("queryDefinitionId")
    if known and known not in definitions:
        return not_found(known)
    if any(other["name"] == name and other["queryDefinitionId"] != known for other in definitions.values()):
        return error_response_json("InvalidParameterException", f"A query definition named {name} exists already.", 400)
    definition = {
        "queryLanguage": INSIGHTS,
        "queryDefinitionId": known or new_uuid(),
        "name": name,
        "queryString": text,
        "lastModified": int(time.time() * 1000),
        "logGroupNames": data.get("logGroupNames") or [],
    }
    definitions[definition["queryDefinitionId"]] = definition
    return json_response({"queryDefinitionId": definition["queryDefinitionId"]})


def describe(data):
    prefix, after = data.get("queryDefinitionNamePrefix", ""), data.get("nextToken", "")
    most = min(int(data.get("maxResults") or MOST_RESULTS), MOST_RESULTS)
    found = sorted(definitions.values(), key=lambda definition: definition["name"])
    found = [one for one in found if one["name"].startswith(prefix) and one["name"] > after]
    answer = {"queryDefinitions": found[:most]}
    if len(found) > most:
        answer["nextToken"] = found[most - 1]["name"]
    return json_response(answer)


def delete(data):
    known = data.get("queryDefinitionId")
    if definitions.pop(known, None) is None:
        return not_found(known)
    return json_response({"success": True})


def not_found(known):
    return error_response_json("ResourceNotFoundException", f"The query definition {known} does not exist.", 400)


OPERATIONS = {
    "PutQueryDefinition": put,
    "DescribeQueryDefinitions": describe,
    "DeleteQueryDefinition": delete,
}


@wrap(cloudwatch_logs, "handle_request", ["method", "path", "headers", "body", "query_params"])
async def handle_request(inner, method, path, headers, body, query_params):
    operation = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
    if operation in OPERATIONS:
        return OPERATIONS[operation](json.loads(body or b"{}"))
    answer = await inner(method, path, headers, body, query_params)
    if operation == "StartQuery" and answer[0] == 200 and handed_on.ADDRESS is not None:
        return await start(json.loads(body), answer)
    return answer


async def start(data, answer):
    """Puts our answer in the place of the engine's."""
    query_id = json.loads(answer[2])["queryId"]
    query = cloudwatch_logs._queries.pop(query_id)
    groups = cloudwatch_logs._resolve_query_log_groups(data)
    records = cloudwatch_logs._collect_query_records(groups, data["startTime"], data["endTime"])
    asked = {
        "query": data["queryString"],
        "limit": data.get("limit"),
        "lines": [
            {
                "pointer": record["@ptr"],
                "timestamp": record["_timestamp_ms"],
                "message": record["@message"],
                "group": record["@log"],
                "stream": record["@logStream"],
            }
            for record in records
        ],
    }
    try:
        status, _, body = await handed_on.hand_on("/logs/query", "StartQuery", json.dumps(asked).encode())
    except handed_on.Unanswered:
        return error_response_json("ServiceUnavailableException", "whoever answers queries does not answer", 503)
    ours = json.loads(body)
    if status != 200:
        return error_response_json("MalformedQueryException", ours["message"], 400)
    statistics = {**query["statistics"], "recordsMatched": float(ours["matched"])}
    cloudwatch_logs._queries[query_id] = {**query, "results": ours["results"], "statistics": statistics}
    return answer


def request(properties, known=None):
    wanted = {
        "name": properties.get("Name"),
        "queryString": properties.get("QueryString"),
        "queryLanguage": properties.get("QueryLanguage", INSIGHTS),
        "logGroupNames": properties.get("LogGroupNames"),
        "queryDefinitionId": known,
    }
    status, _, body = put(wanted)
    if status != 200:
        raise ValueError(f"{TYPE}: {json.loads(body)['message']}")
    known = json.loads(body)["queryDefinitionId"]
    return known, {"QueryDefinitionId": known}


if TYPE in provisioners._RESOURCE_HANDLERS:
    raise SystemExit("the engine saves queries itself: not the pinned engine")
provisioners._RESOURCE_HANDLERS[TYPE] = {
    "create": lambda logical_id, properties, stack_name: request(properties),
    "update": lambda known, old, new, stack_name: request(new, known),
    "delete": lambda known, properties: definitions.pop(known, None),
}
