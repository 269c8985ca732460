"""Writes pictures of every kind that people upload, for corpus.py: the same each time for the same count.

    python3 bench/corpus_files.py DIRECTORY [COUNT]

Pillow and libvips write what they can, corpus_tools.py what other tools do; PNGs of every type, depth, filter and pass, and
BMPs of every header, are put together here.
"""

import io
import random
import struct
import sys
import zlib
from pathlib import Path

import corpus_tools

SIZES = [(64, 48), (1, 1), (3, 200), (257, 129), (97, 101), (512, 16), (300, 225), (640, 480)]
ADAM7 = [(0, 8, 0, 8), (4, 8, 0, 8), (0, 4, 4, 8), (2, 4, 0, 4), (0, 2, 2, 4), (1, 2, 0, 2), (0, 1, 1, 2)]


def picture(rng, size, mode="RGB"):
    """A smooth picture with shapes in it: fine noise and dithering would tell resizers apart, not readers."""
    from PIL import Image, ImageDraw, ImageFilter

    color = lambda: tuple(rng.randrange(256) for _ in range(3))
    image = Image.new("RGB", size, color())
    draw = ImageDraw.Draw(image)
    for _ in range(6):
        x, y = rng.randrange(size[0]), rng.randrange(size[1])
        draw.ellipse((x - size[0] // 3, y - size[1] // 3, x + size[0] // 3, y + size[1] // 3), fill=color())
    image = image.filter(ImageFilter.GaussianBlur(1.5))
    if mode in ("RGBA", "LA"):
        alpha = Image.radial_gradient("L").resize(size)
        image = image.convert(mode[:-1])
        image.putalpha(alpha)
        return image
    return image.convert(mode, dither=Image.Dither.NONE) if mode == "1" else image.convert(mode)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def paeth(a, b, c):
    p = a + b - c
    return min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]


def filtered(row, above, each, kind):
    left = bytes(each) + row
    corner = bytes(each) + above
    if kind == 0:
        return row
    if kind == 1:
        return bytes((x - a) & 255 for x, a in zip(row, left))
    if kind == 2:
        return bytes((x - b) & 255 for x, b in zip(row, above))
    if kind == 3:
        return bytes((x - (a + b) // 2) & 255 for x, a, b in zip(row, left, above))
    return bytes((x - paeth(a, b, c)) & 255 for x, a, b, c in zip(row, left, above, corner))


def png(rng, size, color, depth, is_interlaced, extra):
    """Of any color type (0, 2, 3, 4, 6) and depth; each row has a filter of its own."""
    width, height = min(size[0], 200), min(size[1], 150)
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    source = picture(rng, (width, height), {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels])
    samples, most = source.tobytes(), (1 << depth) - 1
    if color == 3:
        samples = bytes(value % min(most + 1, 200) if depth < 8 else value * 199 // 255 for value in samples)
    each = max(1, channels * depth // 8)
    raw = bytearray()
    for first, across, top, down in ADAM7 if is_interlaced else [(0, 1, 0, 1)]:
        if first >= width:
            continue
        above = None
        for y in range(top, height, down):
            row = []
            for x in range(first, width, across):
                row.extend(samples[(y * width + x) * channels : (y * width + x + 1) * channels])
            if depth == 16:
                packed = b"".join(struct.pack(">H", value * 257) for value in row)
            elif depth == 8:
                packed = bytes(row)
            else:
                bits = "".join(format(value if color == 3 else value * most // 255, f"0{depth}b") for value in row)
                bits += "0" * (-len(bits) % 8)
                packed = int(bits, 2).to_bytes(len(bits) // 8, "big")
            kind = rng.randrange(5)
            raw.append(kind)
            raw += filtered(packed, above or bytes(len(packed)), each, kind)
            above = packed
    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, int(is_interlaced))
    chunks = [(b"IHDR", head)]
    chunks += [part for part in extra if part[0] not in (b"tRNS",)]
    if color == 3:
        chunks.append((b"PLTE", bytes(rng.randrange(256) for _ in range(3 * min(most + 1, 200)))))
    if any(part[0] == b"tRNS" for part in extra) and color in (0, 2, 3):
        deep = struct.pack(">H", most // 2)
        chunks.append((b"tRNS", bytes(range(0, min(most + 1, 200))) if color == 3 else deep * (1 if color == 0 else 3)))
    data = zlib.compress(bytes(raw))
    cut = len(data) // 2
    chunks += [(b"IDAT", data[:cut]), (b"IDAT", data[cut:]), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in chunks)


def pngs(rng, size):
    kinds = [(0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (3, 1), (3, 2), (3, 4), (3, 8), (4, 8), (4, 16)]
    color, depth = rng.choice([*kinds, (6, 8), (6, 16)])
    extra = []
    if rng.random() < 0.3:
        extra.append((b"tRNS", b""))
    if rng.random() < 0.1:
        extra.append((b"gAMA", struct.pack(">I", rng.choice([45455, 100000, 55555]))))
    if rng.random() < 0.05 and color in (2, 6):
        extra.append((b"cICP", bytes([rng.choice([1, 9, 12]), 13, 0, 1])))
    yield f"type{color}-{depth}", png(rng, size, color, depth, rng.random() < 0.4, extra)


def bmps(rng, size):
    width, height = size[0], size[1]
    header = rng.choice([12, 40, 40, 64, 108, 124])
    bits = rng.choice([1, 4, 8, 16, 24, 32] if header != 12 else [1, 4, 8, 24])
    is_top_down = header not in (12, 64) and rng.random() < 0.3
    colors = 1 << bits if bits <= 8 else 0
    source = picture(rng, size, "L" if colors else "RGB")
    rows = []
    for y in range(height) if is_top_down else reversed(range(height)):
        row = bytearray()
        if colors:
            values = [source.getpixel((x, y)) * (colors - 1) // 255 for x in range(width)]
            bitstring = "".join(format(value, f"0{bits}b") for value in values)
            bitstring += "0" * (-len(bitstring) % 8)
            row += int(bitstring, 2).to_bytes(len(bitstring) // 8, "big")
        else:
            for x in range(width):
                red, green, blue = source.getpixel((x, y))
                if bits == 16:
                    row += struct.pack("<H", (red >> 3) << 10 | (green >> 3) << 5 | blue >> 3)
                else:
                    row += bytes([blue, green, red] + [0] * (bits == 32))
        rows.append(bytes(row) + bytes(-len(row) % 4))
    data = b"".join(rows)
    entry = 3 if header == 12 else 4
    palette = b"".join(bytes([rng.randrange(256) for _ in range(3)] + [0] * (entry - 3)) for _ in range(colors))
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        signed = -height if is_top_down else height
        info = struct.pack("<IiiHHIIiiII", header, width, signed, 1, bits, 0, len(data), 2835, 2835, 0, 0)
        info = info.ljust(header, b"\0")
    start = 14 + len(info) + len(palette)
    yield f"header{header}-{bits}", b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start) + info + palette + data


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def exif(rng):
    from PIL import Image

    data = Image.Exif()
    data[0x0112] = rng.randrange(1, 9)
    return data.tobytes()


def jpegs(rng, size):
    mode = rng.choice(["RGB", "RGB", "RGB", "L", "CMYK"])
    options = {"quality": rng.choice([50, 75, 90, 95, 100]), "progressive": rng.random() < 0.4}
    options |= {"subsampling": rng.choice([0, 1, 2])} if mode == "RGB" else {}
    options |= {"restart_marker_blocks": rng.choice([1, 3, 7])} if rng.random() < 0.3 else {}
    options |= {"optimize": True} if rng.random() < 0.3 else {}
    options |= {"exif": exif(rng)} if rng.random() < 0.3 else {}
    yield mode, saved(picture(rng, size, mode), "JPEG", **options)


def webps(rng, size):
    mode = rng.choice(["RGB", "RGBA"])
    options = {"lossless": rng.random() < 0.4, "quality": rng.choice([40, 80, 100]), "method": rng.choice([0, 4, 6])}
    options |= {"exif": exif(rng)} if rng.random() < 0.3 else {}
    yield mode, saved(picture(rng, size, mode), "WEBP", **options)


def gifs(rng, size):
    image = picture(rng, size).quantize(rng.choice([2, 16, 200]), dither=0)
    options = {"interlace": rng.choice([0, 1])}
    options |= {"transparency": 1} if rng.random() < 0.3 else {}
    if rng.random() < 0.3:
        options |= {"save_all": True, "append_images": [picture(rng, size).quantize(16, dither=0)], "duration": 100}
    yield "gif", saved(image, "GIF", **options)


def tiffs(rng, size):
    import pyvips

    if rng.random() < 0.5:
        mode = rng.choice(["1", "L", "LA", "RGB", "RGBA", "P", "CMYK", "I;16"])
        compressions = ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"]
        compressions += ["group3", "group4"] if mode == "1" else ["jpeg"] if mode in ("L", "RGB") else []
        compression = rng.choice(compressions)
        yield f"{mode}-{compression}".replace(";", ""), saved(picture(rng, size, mode), "TIFF", compression=compression)
        return
    image = pyvips.Image.new_from_buffer(saved(picture(rng, size, rng.choice(["L", "RGB", "RGBA"])), "PNG"), "")
    options = {"compression": rng.choice(["none", "lzw", "deflate", "packbits"])}
    options |= {"predictor": rng.choice(["none", "horizontal"])} if options["compression"] in ("lzw", "deflate") else {}
    options |= {"tile": True, "tile_width": 64, "tile_height": 64} if rng.random() < 0.5 else {}
    options |= {"bigtiff": True} if rng.random() < 0.2 else {}
    yield f"vips-{options['compression']}", image.tiffsave_buffer(**options)


def by_tool(writer):
    return lambda rng, size: writer(rng, size, picture, saved, exif)


WRITERS = {"png": pngs, "jpg": jpegs, "bmp": bmps, "webp": webps, "gif": gifs, "tif": tiffs}
WRITERS |= {suffix: by_tool(writer) for suffix, writer in corpus_tools.WRITERS.items()}


def write(directory, count):
    directory.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        rng = random.Random(index)
        suffix, writer = list(WRITERS.items())[index % len(WRITERS)]
        for name, data in writer(rng, rng.choice(SIZES)):
            own = name if "." in name else f"{name}.{suffix}"
            (directory / f"{index:05}-{own}").write_bytes(data)


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 300)
