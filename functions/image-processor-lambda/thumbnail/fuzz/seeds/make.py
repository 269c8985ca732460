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


def save_metadata(name, kind, data):
    """Behind the byte that says what it is: a profile of gray (0), RGB (1), CMYK (2), or Exif (3)."""
    (HERE / "metadata" / name).write_bytes(bytes([kind]) + data)


exif = Image.Exif()
exif[0x0112] = 6
save_metadata("exif", 3, exif.tobytes().removeprefix(b"Exif\0\0"))
save_metadata("exif-big-endian", 3, b"MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0")
rgb = ImageCms.ImageCmsProfile(srgb).tobytes()
save_metadata("srgb", 1, rgb)
# Red for green, so that it can be seen whether it is followed.
save_metadata("swapped", 1, rgb.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ"))
save_metadata("lab", 1, ImageCms.ImageCmsProfile(lab).tobytes())
save_metadata("cmyk", 2, Image.open(HERE.parents[1] / "tests/fixtures/inks.jpg").info["icc_profile"])
WHITE = struct.pack(">4sIiii", b"XYZ ", 0, 63190, 65536, 54061)
LINEAR = struct.pack(">4sIIHxx", b"curv", 0, 1, 256)
tags = struct.pack(">I4sII4sII", 2, b"wtpt", 156, len(WHITE), b"kTRC", 156 + len(WHITE), len(LINEAR))
start = struct.pack(">I4xI4s4s4s12x4s28xiii48x", 192, 0x02100000, b"mntr", b"GRAY", b"XYZ ", b"acsp", 63190, 65536, 54061)
save_metadata("gray", 0, start + tags + WHITE + LINEAR)


def save_bmp(name, bits, compression, pixels, palette=b"", masks=b""):
    """Nine columns, four rows, the first at the bottom."""
    start = 14 + 40 + len(masks) + len(palette)
    header = struct.pack("<IiiHHIIiiII", 40, 9, 4, 1, bits, compression, len(pixels), 0, 0, len(palette) // 4, 0)
    file = struct.pack("<2sIII", b"BM", start + len(pixels), 0, start)
    (HERE / "thumbnails" / f"{name}.bmp").write_bytes(file + header + masks + palette + pixels)


for mode in ("1", "L", "P", "RGB", "RGBA"):
    small.convert(mode).save(HERE / "thumbnails" / f"{mode.lower()}.bmp")
palette = bytes(range(0, 252, 4)) + b"\0"
runs = b"\5\1\4\2\0\0" + b"\0\5\1\2\3\4\5\0\4\6\0\0" + b"\0\2\3\1" + b"\6\7\0\0\0\1"
save_bmp("rle8", 8, 1, runs, palette)
save_bmp("rle4", 4, 2, runs, palette)
save_bmp("16", 16, 0, bytes(range(20)) * 4)
save_bmp("bitfields", 16, 3, bytes(range(20)) * 4, masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F))
core = struct.pack("<2sIIIIHHHH", b"BM", 0, 0, 26, 12, 9, 4, 1, 24)
(HERE / "thumbnails" / "core.bmp").write_bytes(core + bytes(range(112)))


def save_gif(name, image, **options):
    image.save(HERE / "thumbnails" / f"{name}.gif", **options)


few = small.quantize(16)
save_gif("plain", few, interlace=0)
save_gif("interlaced", few, interlace=1)
save_gif("transparent", few, transparency=3)
save_gif("animated", few, save_all=True, append_images=[small.rotate(9).quantize(16)], duration=50)
# A screen larger than the frame, which begins beyond its corner; and one that is too small.
plain = (HERE / "thumbnails" / "plain.gif").read_bytes()
place = plain.index(b",\0\0\0\0") + 1
offset = plain[:place] + struct.pack("<HH", 5, 3) + plain[place + 4 :]
(HERE / "thumbnails" / "offset.gif").write_bytes(offset[:6] + struct.pack("<HH", 40, 20) + offset[10:])
(HERE / "thumbnails" / "screen.gif").write_bytes(offset[:6] + struct.pack("<HH", 20, 5) + offset[10:])


def save_webp(name, image, **options):
    image.save(HERE / "thumbnails" / f"{name}.webp", **options)


save_webp("lossless", small, lossless=True)
save_webp("alpha", small.convert("RGBA").rotate(45), quality=30)
save_webp("animated", small, save_all=True, append_images=[small.rotate(9)], duration=50, quality=30)
