"""Makes the seeds. Run by hand: python make.py (needs Pillow)."""

import struct
import zlib
from pathlib import Path

from PIL import Image, ImageCms

HERE = Path(__file__).parent
photo = Image.open(HERE.parents[1] / "tests/fixtures/photo.png").convert("RGB").resize((53, 37))


def save(name, image, **options):
    image.save(HERE / "thumbnails" / f"{name}.jpg", **options)


for sampling in (0, 1, 2):
    for progressive in (False, True):
        kind = "progressive" if progressive else "baseline"
        save(f"{kind}-{sampling}", photo, subsampling=sampling, progressive=progressive)
for progressive in (False, True):
    kind = "progressive" if progressive else "baseline"
    save(f"gray-{kind}", photo.convert("L"), progressive=progressive)
    save(f"cmyk-{kind}", photo.convert("CMYK"), progressive=progressive)
    save(f"restart-{kind}", photo, restart_marker_blocks=3, progressive=progressive)
save("optimised", photo, optimize=True)
save("rgb", photo, keep_rgb=True)
save("one-pixel", photo.crop((0, 0, 1, 1)))
save("coarse", photo, quality=1)


FILTERS = ("none", "left", "above", "mean", "paeth")
KINDS = {"gray": ("L", 0), "gray-alpha": ("LA", 4), "rgb": ("RGB", 2), "rgba": ("RGBA", 6)}
WIDTH, HEIGHT = 29, 10


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def save_png(name, kind, filters, level, parts):
    """The samples stand for differences as they are: another picture, but every filter's work."""
    mode, code = KINDS[kind]
    samples = photo.resize((WIDTH, HEIGHT)).convert(mode).tobytes()
    step = len(samples) // HEIGHT
    rows = [samples[at : at + step] for at in range(0, len(samples), step)]
    raw = b"".join(bytes([filters[y % len(filters)]]) + row for y, row in enumerate(rows))
    data = zlib.compress(raw, level)
    size = -(-len(data) // parts)
    file = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, code, 0, 0, 0))
    for at in range(0, len(data), size):
        file += chunk(b"IDAT", data[at : at + size])
    (HERE / "thumbnails" / f"{name}.png").write_bytes(file + chunk(b"IEND", b""))


# Stored, so that a changed byte is a changed filter or sample; deflated, in several chunks.
for kind in KINDS:
    save_png(f"{kind}-stored", kind, range(5), 0, 1)
    save_png(f"{kind}-chunks", kind, range(5), 9, 3)
for number, name in enumerate(FILTERS):
    save_png(f"rgb-{name}-stored", "rgb", [number], 0, 2)


def save_tiff(name, image, compression=None, **tags):
    numbers = {int(tag[1:]): value for tag, value in tags.items()}
    image.save(HERE / "thumbnails" / f"{name}.tif", compression=compression, tiffinfo=numbers)


small = photo.resize((WIDTH, HEIGHT))
for compression in ("raw", "packbits", "tiff_lzw", "tiff_adobe_deflate", "jpeg"):
    save_tiff(f"rgb-{compression}", small, compression)
for compression in ("tiff_lzw", "tiff_adobe_deflate"):
    save_tiff(f"cmyk-{compression}-predictor", small.convert("CMYK"), compression, t317=2)
for compression in ("group3", "group4", "tiff_ccitt"):
    save_tiff(f"fax-{compression}", small.convert("1"), compression)
save_tiff("palette", small.quantize(16))
save_tiff("transparent", small.convert("RGBA"), "packbits")
save_tiff("strips", small, "tiff_lzw", t278=3)
srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
save_tiff("lab", ImageCms.profileToProfile(small, srgb, lab, outputMode="LAB"))
