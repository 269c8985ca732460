"""Runs corpora of corrupt and odd pictures through this crate, each file in a process of its own.

    python3 bench/corpus.py [--side 320] [--ops PATH] [directory ...]

Whatever a file is, it must end as a thumbnail or a rejection, within 2 s of CPU and 300 MB of memory; anything
else is named and fails the run. Files that Pillow reads whole, in a format that this crate has, and that end
as a rejection here, are listed with the reason. Without directories: Pillow's own test pictures, from its source
distribution. `--ops` has the given `ops` make them (`ops thumbnail`) instead of `examples/repeat.rs`; limits are
the same. Needs cargo, python3, pip.
"""

import argparse
import collections
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import run

MOST_SECONDS, MOST_MEGABYTES = 2.0, 300.0
FORMATS = {"JPEG", "MPO", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"}


def pillow():
    """The test pictures of the source distribution."""
    target = run.WORK / "corpus"
    if not target.exists():
        if not list(run.WORK.glob("pillow-*.tar.gz")):
            fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "pillow"]
            subprocess.run([*fetch, "--dest", run.WORK, "pillow"], check=True)
        with tarfile.open(max(run.WORK.glob("pillow-*.tar.gz"))) as archive:
            members = [it for it in archive.getmembers() if "/Tests/images/" in it.name]
            archive.extractall(target, members, filter="data")
    return target


def arguments_of(ops, path, side, out):
    if ops:
        return [ops, "thumbnail", path, out, "--side", str(side)]
    return [run.command("ours")[0], path, str(side), "1", out]


def attempt(ops, path, side):
    """How it ended, its cause, CPU in seconds, peak memory in megabytes."""
    arguments = arguments_of(ops, path, side, run.WORK / "out-corpus.jpg")
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    # Little is written to either, so that reading one after the other cannot block.
    told, message = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if ops and code == 0:
        rejected = json.loads(told).get("rejected")
        ended, cause = (rejected["reason"], rejected["message"]) if rejected else ("thumbnail", "")
    elif code == 0:
        ended, cause = "thumbnail", ""
    elif code == 1 and "Error: " in message:
        cause = message.split("Error: ")[-1].strip()
        ended = cause.split(" ")[0].split("(")[0]
    else:
        ended, cause = f"crash {code}", message.strip()
    return ended, cause, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def is_valid(path):
    """Whether Pillow reads the first picture, to its end, as one of our formats."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            found = image.format
            image.load()
    except Exception:  # Whatever it is: the file is none that Pillow takes for whole.
        return False
    return found in FORMATS


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--side", type=int, default=320)
    parser.add_argument("--ops", type=Path)
    parser.add_argument("directories", nargs="*", type=Path)
    arguments = parser.parse_args()
    run.prepare()
    ends, failures, refused = collections.Counter(), [], []
    slowest, largest = (0.0, None), (0.0, None)
    directories = arguments.directories or [pillow()]
    paths = sorted(it for directory in directories for it in directory.rglob("*") if it.is_file())
    for path in paths:
        ended, cause, seconds, megabytes = attempt(arguments.ops, path, arguments.side)
        ends[ended] += 1
        slowest, largest = max(slowest, (seconds, path.name)), max(largest, (megabytes, path.name))
        if ended.startswith("crash") or seconds > MOST_SECONDS or megabytes > MOST_MEGABYTES:
            failures.append(f"{path}: {ended}, {seconds:.2f} s, {megabytes:.0f} MB")
        if ended != "thumbnail":
            refused.append((path, cause))
    # Only now: the memory of a program that starts another counts for the other's peak.
    valid = {path for path in paths if is_valid(path)}
    refused = [f"{path.name}: {cause}" for path, cause in refused if path in valid]
    print(f"{sum(ends.values())} files:", ", ".join(f"{count} {end}" for end, count in ends.most_common()))
    print(f"slowest: {slowest[0]:.2f} s ({slowest[1]}); largest: {largest[0]:.0f} MB ({largest[1]})")
    print(f"{len(refused)} of {len(valid)} that Pillow reads are refused:", *sorted(refused), sep="\n  ")
    sys.exit("\n".join(failures) or 0)


if __name__ == "__main__":
    main()
