"""Runs this crate, Pillow and sharp on the same files in turn and compares what they cost.

    python3 bench/run.py [--megapixels 4,12,24,48] [--rounds 5] [--kinds jpeg,noisy-jpeg,png,noisy-png,…]

CPU is user and system time of whole processes, one thread each. The time to start is subtracted: each
round runs every program with few and with many repeats, and counts the difference. Rounds go through
all programs before the next begins, so that a busy machine hits all alike. Needs cargo, python3, npm.
"""

import argparse
import importlib.metadata
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CRATE = HERE.parent
ROOT = CRATE.parents[2]
WORK = ROOT / "target" / "bench-thumbnails"
SIZES = {4: (2304, 1728), 12: (4032, 3024), 24: (6000, 4000), 48: (8064, 6048)}
KINDS = {
    "jpeg": (".jpg", {"quality": 90}),
    "progressive": (".p.jpg", {"quality": 90, "progressive": True}),
    "png": (".png", {}),
    "noisy-jpeg": (".noisy.jpg", {"quality": 90}),
    "noisy-png": (".noisy.png", {}),
    "webp": (".webp", {"quality": 80}),
    "heic": (".heic", {}),
    "avif": (".avif", {"quality": 75, "speed": 8}),
    "lzw": (".lzw.tif", {"compression": "tiff_lzw", "tiffinfo": {317: 2}}),
    "deflate": (".deflate.tif", {"compression": "tiff_adobe_deflate", "tiffinfo": {317: 2}}),
}
PEERS = ("pillow", "sharp")
# As it is installed from npm, sharp reads AVIF, but not HEIC.
LACKING = {"heic": {"sharp"}}


def prepare():
    """Installs the peers and builds the example; then runs itself again inside the environment."""
    WORK.mkdir(parents=True, exist_ok=True)
    python = WORK / "venv" / "bin" / "python"
    if Path(sys.prefix) != WORK / "venv":
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", WORK / "venv"], check=True)
            subprocess.run([python, "-m", "pip", "install", "--quiet", "pillow", "pillow-heif", "numpy"], check=True)
        if not (WORK / "node_modules").exists():
            (WORK / "package.json").write_text("{}")
            subprocess.run(["npm", "install", "--silent", "sharp"], cwd=WORK, check=True)
        build = ["cargo", "build", "--release", "--package", "thumbnail", "--example", "repeat"]
        subprocess.run(build, cwd=ROOT, check=True)
        os.execv(python, [str(python), *sys.argv])


def photo(width, height):
    """A large picture of the repository's photograph, mirrored at each seam, with its detail as it is."""
    from PIL import Image, ImageOps

    tile = ImageOps.exif_transpose(Image.open(ROOT / "ops/local/photos/raccoon.jpg")).convert("RGB")
    picture = Image.new("RGB", (width, height))
    for top in range(0, height, tile.height):
        for left in range(0, width, tile.width):
            piece = ImageOps.mirror(tile) if left // tile.width % 2 else tile
            piece = ImageOps.flip(piece) if top // tile.height % 2 else piece
            picture.paste(piece, (left, top))
    return picture


def noisy(picture):
    """With the noise of a sensor: three levels of standard deviation, the same each time."""
    import numpy
    from PIL import Image

    levels = numpy.asarray(picture, dtype=numpy.float32)
    noise = numpy.random.default_rng(1).normal(0, 3, levels.shape)
    return Image.fromarray(numpy.clip(numpy.rint(levels + noise), 0, 255).astype(numpy.uint8))


def save_as_phones_do(picture, path):
    """HEIC in a grid of tiles of 512 by 512."""
    import io

    import pillow_heif

    sys.path.insert(0, str(CRATE / "tests/fixtures"))
    import heif_file

    def encode(tile):
        out = io.BytesIO()
        pillow_heif.from_pillow(tile).save(out, quality=60, chroma=420)
        return out.getvalue()

    heif = heif_file.Heif()
    numbers, rows, columns = heif_file.tiles(heif, picture, 512, encode)
    heif.grid(numbers, rows, columns, picture.size, [heif_file.nclx(1, 13, 6, 1)], primary=True)
    path.write_bytes(heif.bytes())


def files(megapixels, kinds):
    for size in megapixels:
        source = None
        for kind in kinds:
            suffix, options = KINDS[kind]
            path = WORK / f"{size}{suffix}"
            if not path.exists():
                source = source or photo(*SIZES[size])
                if kind == "heic":
                    save_as_phones_do(source, path)
                else:
                    (noisy(source) if kind.startswith("noisy") else source).save(path, **options)
            yield size, kind, path


def command(program):
    return {
        "ours": [ROOT / "target/release/examples/repeat"],
        "pillow": [sys.executable, HERE / "peer_pillow.py"],
        "sharp": ["node", HERE / "peer_sharp.cjs"],
    }[program]


def run(program, path, side, count):
    """CPU in milliseconds, and peak memory in megabytes."""
    out = WORK / f"out-{program}.jpg"
    environment = {**os.environ, "NODE_PATH": str(WORK / "node_modules")}
    arguments = [str(part) for part in (*command(program), path, side, count, out)]
    process = subprocess.Popen(arguments, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{program} failed on {path}")
    peak = int((WORK / f"out-{program}.jpg.kb").read_text()) / 1024
    return (usage.ru_utime + usage.ru_stime) * 1000, peak


def measure(path, kind, side, rounds):
    programs = ("ours", *(peer for peer in PEERS if peer not in LACKING.get(kind, ())))
    counts, results = {}, {program: {"cpu_ms": [], "peak_mb": 0.0} for program in programs}
    for program in programs:
        once, twice = run(program, path, side, 1)[0], run(program, path, side, 3)[0]
        each = max((twice - once) / 2, 1.0)
        # Long enough for the clock of the system, short enough for patience.
        counts[program] = max(2, min(60, round(600 / each)))
    for _ in range(rounds):
        for program in programs:
            few, peak = run(program, path, side, 1)
            many, _ = run(program, path, side, 1 + counts[program])
            results[program]["cpu_ms"].append((many - few) / counts[program])
            results[program]["peak_mb"] = max(results[program]["peak_mb"], peak)
    return results


def summary(results):
    ours = results["ours"]
    row = {"cpu_ms": {}, "peak_mb": {}, "cpu_ratio": {}, "cpu_ratios": {}, "memory_ratio": {}}
    for program, result in results.items():
        row["cpu_ms"][program] = round(statistics.median(result["cpu_ms"]), 2)
        row["peak_mb"][program] = round(result["peak_mb"], 1)
    for peer in results.keys() - {"ours"}:
        ratios = [one / other for one, other in zip(ours["cpu_ms"], results[peer]["cpu_ms"])]
        # The rounds apart tell whether other work of the machine got in between.
        row["cpu_ratios"][peer] = [round(ratio, 3) for ratio in ratios]
        row["cpu_ratio"][peer] = round(statistics.median(ratios), 3)
        row["memory_ratio"][peer] = round(ours["peak_mb"] / results[peer]["peak_mb"], 3)
    return row


def similarity(side):
    """Of each program's thumbnail to the reference, on the photograph and on rings."""
    from PIL import Image

    import quality

    found = {}
    for name, picture in (("photo", photo(*SIZES[12])), ("rings", quality.zone_plate(*SIZES[12]))):
        path = WORK / f"quality-{name}.jpg"
        picture.save(path, quality=95, subsampling=0)
        found[name] = {}
        for program in ("ours", *PEERS):
            run(program, path, side, 1)
            small = Image.open(WORK / f"out-{program}.jpg")
            expected = quality.reference(picture, small.size)
            found[name][program] = round(quality.ssim(quality.luma(small), expected), 4)
    return found


def versions():
    sharp = json.loads((WORK / "node_modules/sharp/package.json").read_text())
    return {"pillow": importlib.metadata.version("pillow"), "sharp": sharp["version"]}


def machine():
    """Its kind of processor, as the kernel names it."""
    with open("/proc/cpuinfo") as lines:
        names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return {"processor": names[0] if names else "unknown", "cores": len(names)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--megapixels", default="4,12,24,48")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--sides", default="320,1024")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    prepare()
    sides = [int(side) for side in arguments.sides.split(",")]
    report = {"machine": machine(), "versions": versions(), "load": [os.getloadavg()], "rows": []}
    report["ssim"] = {side: similarity(side) for side in sides}
    print(json.dumps(report["ssim"]), file=sys.stderr)
    print("| MP | kind | side | ours ms | Pillow | sharp | ours MB | Pillow | sharp |")
    print("|---|---|---|---|---|---|---|---|---|")
    for size, kind, path in files(map(int, arguments.megapixels.split(",")), arguments.kinds.split(",")):
        for side in sides:
            row = summary(measure(path, kind, side, arguments.rounds))
            report["rows"].append({"megapixels": size, "kind": kind, "side": side, **row})
            report["load"].append(os.getloadavg())
            # After each, so that a run that is stopped was not for nothing.
            (WORK / "results.json").write_text(json.dumps(report, indent=1) + "\n")
            cpu, memory = row["cpu_ratio"], row["memory_ratio"]
            print(
                f"| {size} | {kind} | {side} | {row['cpu_ms']['ours']} | {cpu['pillow']} | {cpu.get('sharp', '–')} "
                f"| {row['peak_mb']['ours']} | {memory['pillow']} | {memory.get('sharp', '–')} |",
                flush=True,
            )
    print(f"written: {WORK / 'results.json'}", file=sys.stderr)


if __name__ == "__main__":
    main()
