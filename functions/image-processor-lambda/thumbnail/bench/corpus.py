"""Runs the pictures of Pillow's test suite through this crate, each in a process of its own.

    python3 bench/corpus.py [--side 320] [directory ...]

Whatever a file is, it must end as a thumbnail or a rejection, within 2 s of CPU and 300 MB of memory; anything
else is named and fails the run. Without directories, pip fetches the source of Pillow. Needs cargo, python3, pip.
"""

import argparse
import collections
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import run

MOST_SECONDS, MOST_MEGABYTES = 2.0, 300.0


def pillow():
    """The test pictures of the source distribution."""
    target = run.WORK / "corpus"
    if not target.exists():
        fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "pillow"]
        subprocess.run([*fetch, "--dest", run.WORK], check=True)
        with tarfile.open(max(run.WORK.glob("pillow-*.tar.gz"))) as archive:
            members = [it for it in archive.getmembers() if "/Tests/images/" in it.name]
            archive.extractall(target, members, filter="data")
    return target


def attempt(path, side):
    """How it ended, CPU in seconds, peak memory in megabytes."""
    out = run.WORK / "out-corpus.jpg"
    arguments = [run.command("ours")[0], path, str(side), "1", out]
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    message = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    code = os.waitstatus_to_exitcode(status)
    reason = message.split("Error: ")[-1].split(" ")[0].split("(")[0] if "Error: " in message else "crash"
    ended = "thumbnail" if code == 0 else reason if code == 1 else f"crash {code}"
    return ended, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--side", type=int, default=320)
    parser.add_argument("directories", nargs="*", type=Path)
    arguments = parser.parse_args()
    run.prepare()
    ends, failures, slowest, largest = collections.Counter(), [], (0.0, None), (0.0, None)
    for directory in arguments.directories or [pillow()]:
        for path in sorted(it for it in directory.rglob("*") if it.is_file()):
            ended, seconds, megabytes = attempt(path, arguments.side)
            ends[ended] += 1
            slowest, largest = max(slowest, (seconds, path.name)), max(largest, (megabytes, path.name))
            if ended.startswith("crash") or seconds > MOST_SECONDS or megabytes > MOST_MEGABYTES:
                failures.append(f"{path}: {ended}, {seconds:.2f} s, {megabytes:.0f} MB")
    print(f"{sum(ends.values())} files:", ", ".join(f"{count} {end}" for end, count in ends.most_common()))
    print(f"slowest: {slowest[0]:.2f} s ({slowest[1]}); largest: {largest[0]:.0f} MB ({largest[1]})")
    sys.exit("\n".join(failures) or 0)


if __name__ == "__main__":
    main()
