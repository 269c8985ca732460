"""Runs corpora of pictures through this crate and compares what is drawn with Pillow, libvips and Chromium.

    python3 bench/corpus.py [--side 256] [--ops PATH] [--write COUNT] [--least PERCENT] [directory ...]

Each file is a process of its own. Whatever it is, it must end as a thumbnail or a rejection, within 2 s of CPU and 300 MB
of memory; anything else is named and fails the run. A file that Pillow draws, and libvips alike if it draws it, must be
drawn alike here; where a PNG declares colours that the two ignore, Chromium's canvas judges, if there is one. A table says
how many of each format were right, wrong and refused, and each that was not right is listed. The run fails if one is
wrong, or if fewer than --least percent are right.

`--write` makes so many files of all kinds first (corpus_files.py). Without it and without directories: Pillow's own
test pictures, from its source distribution. `--ops` has the given `ops` make the thumbnails (`ops thumbnail`) instead of
`examples/repeat.rs`; limits are the same. Needs cargo, python3, pip.
"""

import argparse
import collections
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import corpus_tools
import judges

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[3]
WORK = ROOT / "target" / "corpus-thumbnails"
OUT = WORK / "out.jpg"
MOST_SECONDS, MOST_MEGABYTES = 2.0, 300.0
FORMATS = {"JPEG", "MPO", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "HEIF"}
# Mean difference of levels, and the least of the worst hundredth: resizers, JPEG and interpolation of its Cb and Cr, which
# others spare in pictures of three columns, differ by less.
ALIKE = (3.5, 20.0)
# libheif repeats each sample of Cb and Cr where browsers interpolate; at half the size the two are the same.
HALVED = {"HEIF"}


def prepare():
    """Installs the judges and builds the example; then runs itself again inside the environment."""
    WORK.mkdir(parents=True, exist_ok=True)
    python = WORK / "venv" / "bin" / "python"
    if Path(sys.prefix) != WORK / "venv":
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", WORK / "venv"], check=True)
            packages = ["pillow", "pillow-heif", "numpy", "pyvips[binary]"]
            subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
        build = ["cargo", "build", "--quiet", "--package", "thumbnail", "--example", "repeat"]
        subprocess.run(build, cwd=ROOT, check=True)
        os.execv(python, [str(python), *sys.argv])


def pillows():
    """The test pictures of Pillow's source distribution."""
    target = WORK / "corpus"
    if not target.exists():
        if not list(WORK.glob("pillow-*.tar.gz")):
            fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "pillow"]
            subprocess.run([*fetch, "--dest", WORK, "pillow"], check=True)
        with tarfile.open(max(WORK.glob("pillow-*.tar.gz"))) as archive:
            members = [it for it in archive.getmembers() if "/Tests/images/" in it.name]
            archive.extractall(target, members, filter="data")
    return target


def command(ops, path, side):
    if ops:
        return [ops, "thumbnail", path, OUT, "--side", str(side), "--quality", "100"]
    return [ROOT / "target/debug/examples/repeat", path, str(side), "1", OUT, "100"]


def attempt(ops, path, side):
    """How it ended, its cause, CPU in seconds, peak memory in megabytes."""
    process = subprocess.Popen(command(ops, path, side), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    # Little is written to either, so that reading one after the other cannot block.
    output, message = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if ops and code == 0:
        rejected = json.loads(output).get("rejected")
        ended, cause = (rejected["reason"], rejected["message"]) if rejected else ("thumbnail", "")
    elif code == 0:
        ended, cause = "thumbnail", ""
    elif code == 1 and "Error: " in message:
        cause = message.split("Error: ")[-1].strip()
        ended = cause.split(" ")[0].split("(")[0]
    else:
        ended, cause = f"crash {code}", message.strip()
    return ended, cause, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def small(pixels, size):
    """As a thumbnail of that size."""
    import numpy
    from PIL import Image

    if pixels.shape[1::-1] == size:
        return pixels.astype("f4")
    return numpy.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS)).astype("f4")


def difference(one, other):
    """Mean, and the least of the worst hundredth."""
    import numpy

    apart = numpy.abs(one - other)
    return float(apart.mean()), float(numpy.percentile(apart, 99))


def is_alike(one, other):
    return all(found <= most for found, most in zip(difference(one, other), ALIKE))


def fit(width, height, side):
    longer = max(width, height)
    side = min(side, longer)
    return tuple(max(1, (length * side + longer // 2) // longer) for length in (width, height))


def expectation(data, side, seen):
    """What the file is, and what its thumbnail looks like where Pillow and libvips draw it alike."""
    kind, by_pillow = judges.pillow(data)
    if by_pillow is None or kind not in FORMATS:
        return kind, None
    size = fit(by_pillow.shape[1], by_pillow.shape[0], side)
    if judges.is_beyond(data):
        seen.append(size)
        return kind, "browser"
    by_libvips = judges.libvips(data)
    if by_libvips is not None and (
        by_libvips.shape != by_pillow.shape or not is_alike(small(by_libvips, size), small(by_pillow, size))
    ):
        return kind, None
    return kind, small(by_pillow, size)


def halved(pixels):
    import numpy
    from PIL import Image

    return numpy.asarray(Image.fromarray(pixels.clip(0, 255).astype("u1")).reduce(2)).astype("f4")


def verdict(kind, found, expected):
    if found is None:
        return "refused", ""
    if found.shape != expected.shape:
        return "wrong", f"{found.shape[1]} x {found.shape[0]}, not {expected.shape[1]} x {expected.shape[0]}"
    if kind in HALVED:
        found, expected = halved(found), halved(expected)
    if is_alike(found, expected):
        return "right", ""
    mean, worst = difference(found, expected)
    return "wrong", f"differs by {mean:.1f}, a hundredth by {worst:.0f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--ops", type=Path)
    parser.add_argument("--write", type=int, default=0)
    parser.add_argument("--least", type=float, default=0.0)
    parser.add_argument("directories", nargs="*", type=Path)
    arguments = parser.parse_args()
    prepare()
    import numpy
    from PIL import Image

    directories = list(arguments.directories)
    if arguments.write:
        directories.append(WORK / f"written-{arguments.write}")
        # By a program of its own, whose memory is not that of this one.
        subprocess.run([sys.executable, HERE / "corpus_files.py", directories[-1], str(arguments.write)], check=True)
        for tool in corpus_tools.missing():
            print(f"without pictures by {tool}, which is not installed")
    directories = directories or [pillows()]
    paths = sorted(it for directory in directories for it in directory.rglob("*") if it.is_file())
    ends, failures, drawn, causes = collections.Counter(), [], {}, {}
    slowest, largest = (0.0, None), (0.0, None)
    for path in paths:
        ended, cause, seconds, megabytes = attempt(arguments.ops, path, arguments.side)
        ends[ended] += 1
        slowest, largest = max(slowest, (seconds, path.name)), max(largest, (megabytes, path.name))
        if ended.startswith("crash") or seconds > MOST_SECONDS or megabytes > MOST_MEGABYTES:
            failures.append(f"{path}: {ended}, {seconds:.2f} s, {megabytes:.0f} MB")
        causes[path] = cause
        drawn[path] = OUT.read_bytes() if ended == "thumbnail" else None
    # Only now: the memory of a program that starts another counts for the other's peak.
    table, listed, beyond = collections.defaultdict(collections.Counter), [], []

    def judge(path, kind, expected):
        found = drawn[path] and judges.pillow(drawn[path])[1].astype("f4")
        end, why = verdict(kind, found, expected)
        table[kind][end] += 1
        if end != "right":
            listed.append(f"{path.name}: {end}, {why or causes[path]}")

    for path in paths:
        data = path.read_bytes()
        kind, expected = expectation(data, arguments.side, [])
        if isinstance(expected, str):
            beyond.append((path, data))
        elif expected is None:
            table[kind or "none"]["not judged"] += 1
        else:
            judge(path, kind, expected)
    shown = judges.chromium([data for _, data in beyond]) if beyond and judges.browser() else [None] * len(beyond)
    for (path, _), pixels in zip(beyond, shown):
        if pixels is None:
            table["PNG"]["not judged"] += 1
        else:
            judge(path, "PNG", small(pixels, fit(pixels.shape[1], pixels.shape[0], arguments.side)))
    print(f"{sum(ends.values())} files:", ", ".join(f"{count} {end}" for end, count in ends.most_common()))
    print(f"slowest: {slowest[0]:.2f} s ({slowest[1]}); largest: {largest[0]:.0f} MB ({largest[1]})")
    columns = ("right", "wrong", "refused", "not judged")
    print(f"{'':8}" + "".join(f"{column:>12}" for column in columns))
    for kind, counts in sorted(table.items()):
        print(f"{kind:8}" + "".join(f"{counts[column]:12}" for column in columns))
    totals = {column: sum(counts[column] for counts in table.values()) for column in columns}
    judged = max(1, totals["right"] + totals["wrong"] + totals["refused"])
    percent = 100 * totals["right"] / judged
    print(f"{percent:.2f} % of {judged} right", *sorted(listed), sep="\n  ")
    if arguments.least:
        failures += [f"{totals['wrong']} are wrong"] * (totals["wrong"] > 0)
        failures += [f"{percent:.2f} % are right, fewer than {arguments.least}"] * (percent < arguments.least)
    sys.exit("\n".join(failures) or 0)


if __name__ == "__main__":
    main()
