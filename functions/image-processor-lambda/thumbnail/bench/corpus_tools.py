"""Pictures that the tools people have write: pillow-heif, ImageMagick and libtiff's own; for corpus_files.py.

A tool that is not installed writes nothing, which corpus.py says, nor does one that refuses, as libtiff does JPEGs of one
pixel. Debian has imagemagick and libtiff-tools.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

# ImageMagick 7, Debian's 6, and any other.
MAGICK = next(filter(None, map(shutil.which, ("magick", "convert-im6.q16", "convert"))), None)
TIFFCP = shutil.which("tiffcp")


def missing():
    """The tools whose pictures are left out."""
    return [name for name, found in (("ImageMagick", MAGICK), ("libtiff's tiffcp", TIFFCP)) if not found]


def run(name, source, suffix, command):
    """The name, and what a command makes of a file, if it takes it: it is given the paths of both."""
    with tempfile.TemporaryDirectory() as directory:
        one, other = Path(directory, f"one.{source[0]}"), Path(directory, f"other.{suffix}")
        one.write_bytes(source[1])
        if subprocess.run(command(one, other), capture_output=True).returncode == 0:
            yield name, other.read_bytes()


def heics(rng, size, picture, saved, exif):
    import pillow_heif

    pillow_heif.register_heif_opener()
    # libheif's encoder takes no smaller pictures.
    size = tuple(max(length, 16) for length in size)
    mode = rng.choice(["RGB", "RGB", "RGB", "RGBA", "L"])
    options = {"quality": rng.choice([50, 80, 95, -1]), "chroma": rng.choice([420, 422, 444])}
    options |= {"exif": exif(rng)} if rng.random() < 0.3 else {}
    # In tiles of that many pixels, as phones write them, or whole.
    pillow_heif.options.GRID_TILE_SIZE = tile = rng.choice([0, 0, 64, 128])
    yield f"heif-{mode}-{options['chroma']}-{tile}", saved(picture(rng, size, mode), "HEIF", **options)


def avifs(rng, size, picture, saved, exif):
    mode = rng.choice(["RGB", "RGB", "RGB", "RGBA", "L"])
    options = {"quality": rng.choice([50, 75, 95]), "speed": 8}
    options |= {"subsampling": rng.choice(["4:2:0", "4:2:2", "4:4:4", "4:0:0"])} if mode == "RGB" else {}
    options |= {"exif": exif(rng)} if rng.random() < 0.3 else {}
    yield f"{mode}-{options.get('subsampling', 'own').replace(':', '')}", saved(picture(rng, size, mode), "AVIF", **options)


def magicks(rng, size, picture, saved, _exif):
    if not MAGICK:
        return
    suffix, options = rng.choice(
        [
            ("jpg", ["-quality", "85", "-sampling-factor", rng.choice(["4:2:0", "4:2:2", "4:4:4", "4:1:1", "1x2"])]),
            ("jpg", ["-interlace", "JPEG", "-quality", "60"]),
            ("jpg", ["-colorspace", "Gray"]),
            ("jpg", ["-colorspace", "CMYK", "-quality", "90"]),
            ("png", ["-depth", "16"]),
            ("png", ["-interlace", "PNG"]),
            ("png", ["-type", rng.choice(["Palette", "Grayscale", "GrayscaleAlpha", "TrueColorAlpha"])]),
            ("gif", ["-interlace", rng.choice(["GIF", "None"])]),
            ("tif", ["-compress", rng.choice(["None", "LZW", "Zip", "RLE", "JPEG"])]),
            ("tif", ["-endian", rng.choice(["MSB", "LSB"]), "-depth", rng.choice(["8", "16"])]),
            ("tif", ["-interlace", "Plane", "-compress", rng.choice(["None", "LZW"])]),
            ("tif", ["-compress", rng.choice(["Fax", "Group4"]), "-dither", "None", "-type", "Bilevel"]),
            ("tif", ["-define", "tiff:tile-geometry=64x64", "-compress", "Zip"]),
            ("tif", ["-type", rng.choice(["Palette", "Grayscale", "TrueColorAlpha"])]),
            ("tif", ["-colorspace", "CMYK"]),
            ("bmp", ["-type", rng.choice(["TrueColor", "Palette", "TrueColorAlpha"])]),
            ("webp", ["-quality", "70"]),
            ("webp", ["-define", "webp:lossless=true"]),
        ]
    )
    source = saved(picture(rng, size, rng.choice(["RGB", "RGB", "L", "RGBA"])), "PNG")
    kind = rng.choice(["BMP2:", "BMP3:", ""]) if suffix == "bmp" and "TrueColorAlpha" not in options else ""
    name = f"magick{''.join(options[:2])}.{suffix}"
    yield from run(name, ("png", source), suffix, lambda one, other: [MAGICK, one, *options, f"{kind}{other}"])


def libtiffs(rng, size, picture, saved, _exif):
    if not TIFFCP:
        return
    mode = rng.choice(["1", "L", "RGB", "RGB", "P"])
    compressions = ["none", "lzw", "lzw:2", "zip", "zip:2", "packbits"] if mode not in ("1", "P") else ["none", "lzw", "zip", "packbits"]
    compressions += ["g3:1d", "g3:2d", "g3:2d:fill", "g4"] if mode == "1" else []
    compressions += ["jpeg", "jpeg:r"] if mode == "RGB" else []
    compression = rng.choice(compressions)
    options = ["-c", compression, rng.choice(["-B", "-L"])]
    options += ["-f", rng.choice(["lsb2msb", "msb2lsb"])] if mode == "1" else []
    options += ["-8"] if rng.random() < 0.2 else []
    options += ["-p", "separate"] if mode == "RGB" and not compression.startswith("jpeg") and rng.random() < 0.3 else []
    options += ["-t", "-w", "64", "-l", "64"] if rng.random() < 0.3 else ["-r", str(rng.choice([8, 16, 100000]))]
    source = saved(picture(rng, size, mode), "TIFF")
    name = f"tiffcp-{mode}-{compression.replace(':', '-')}.tif"
    yield from run(name, ("tif", source), "tif", lambda one, other: [TIFFCP, *options, one, other])


WRITERS = {"heic": heics, "avif": avifs, "magick": magicks, "tiffcp": libtiffs}
