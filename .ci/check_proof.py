"""Holds the main job's JSON to what the README promises of it."""

import json
import sys

STEPS = ["login", "request_url", "put", "queued", "thumbnail", "record", "notification"]
SPANS = {"issue_upload_url", "claim", "download", "decode", "resize", "encode", "upload", "persist", "notify"}


def faults(photo):
    """What is wrong with one photo's report, as sentences."""
    if [step["name"] for step in photo["steps"]] != STEPS:
        yield "its steps are not the guide's seven"
    yield from (f"step {step['name']} failed: {step['saw']}" for step in photo["steps"] if not step["ok"])
    if photo["status"] != "DONE":
        yield f"its status is {photo['status']}"
    if not photo["thumbnail"] or max(photo["thumbnail"]["width"], photo["thumbnail"]["height"]) > 256:
        yield f"its thumbnail is {photo['thumbnail']}"
    if photo["notifications"] != 1:
        yield f"{photo['notifications']} notifications were sent"
    spans = photo["trace"]["spans"]
    missing = SPANS - {span["name"] for span in spans}
    if missing:
        yield f"its trace lacks {sorted(missing)}"
    known = {span["span_id"] for span in spans}
    roots = [span["name"] for span in spans if span["parent_span_id"] not in known]
    if roots != ["issue_upload_url"]:
        yield f"its trace has the roots {roots}"


def main(path):
    """Prints every fault; the exit status says whether there was one."""
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    found = [f"{photo['file']}: {fault}" for photo in report["photos"] for fault in faults(photo)]
    if not report["ok"]:
        found.append("the report says that it is not ok")
    if len(report["photos"]) < 2:
        found.append("fewer than two photos were processed")
    print("\n".join(found) or f"{len(report['photos'])} photos went through all {len(STEPS)} steps")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
