"""Makes the seeds of HEIC and AVIF. Run by hand: python make_heif.py (needs Pillow 11.3 or later, pillow-heif)."""

import io
import sys
from pathlib import Path

import pillow_heif
from PIL import Image

HERE = Path(__file__).parent
FIXTURES = HERE.parents[1] / "tests/fixtures"
sys.path.insert(0, str(FIXTURES))
import heif_file  # noqa: E402

pillow_heif.register_heif_opener()
photo = Image.open(FIXTURES / "photo.png").convert("RGB").resize((53, 37))
opacity = Image.linear_gradient("L").resize(photo.size)
JFIF = heif_file.nclx(1, 13, 6, 1)


def coded(image, kind, **options):
    out = io.BytesIO()
    image.save(out, "AVIF" if kind == "avif" else "HEIF", quality=40, **options)
    return out.getvalue()


for kind in ("heic", "avif"):
    brand = kind.encode()

    def save(name, heif, kind=kind):
        (HERE / "thumbnails" / f"{name}.{kind}").write_bytes(heif.bytes())

    single = heif_file.Heif(brand)
    single.picture(coded(photo, kind), photo.size, [JFIF, heif_file.rotation(1)], primary=True)
    save("single", single)
    gray = heif_file.Heif(brand)
    gray.picture(coded(photo.convert("L"), kind), photo.size, primary=True)
    save("gray", gray)
    grid = heif_file.Heif(brand)
    numbers, rows, columns = heif_file.tiles(grid, photo, 32, lambda tile, kind=kind: coded(tile, kind))
    shown = [JFIF, heif_file.aperture(40, 30), heif_file.mirror(1)]
    grid.grid(numbers, rows, columns, photo.size, shown, primary=True)
    save("grid", grid)
    faded = heif_file.Heif(brand)
    number = faded.picture(coded(photo, kind), photo.size, [JFIF], primary=True)
    name = heif_file.ALPHA[b"av01" if kind == "avif" else b"hvc1"]
    alpha = faded.picture(coded(opacity, kind), photo.size, [heif_file.auxiliary(name)], hidden=True)
    faded.refer(b"auxl", alpha, [number])
    save("alpha", faded)
