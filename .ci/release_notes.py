"""Prints what the changelog says of a release: `release_notes.py v1.2.3`. Fails unless tag, Cargo.toml and CHANGELOG.md agree."""

import os
import pathlib
import re
import sys

LINK_IN_THE_REPOSITORY = re.compile(r"\]\((?!https?://)")


def notes(tag, manifest, changelog):
    """The section of `changelog` about the version of `manifest`, which `tag` must name."""
    version = re.search(r'^version = "(.+)"', manifest, re.MULTILINE)[1]
    if tag != f"v{version}":
        sys.exit(f"the tag {tag} is not v{version}, the version in Cargo.toml")
    heading = rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d\n"
    section = re.search(heading + r"(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if section is None or not section[1].strip():
        sys.exit(f"CHANGELOG.md says nothing under a heading like: ## [{version}] - 2026-12-01")
    return section[1].strip()


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: release_notes.py TAG")
    tag, root = sys.argv[1], pathlib.Path(__file__).parent.parent
    text = notes(tag, (root / "Cargo.toml").read_text("utf-8"), (root / "CHANGELOG.md").read_text("utf-8"))
    # A release's page is not a page of the repository, so its links need the whole address.
    repository = f"https://github.com/{os.environ.get('GITHUB_REPOSITORY', 'OWNER/REPOSITORY')}/blob/{tag}/"
    print(LINK_IN_THE_REPOSITORY.sub(f"]({repository}", text))


main()
