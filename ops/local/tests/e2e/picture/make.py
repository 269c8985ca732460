"""Makes quarters.heic and quarters.avif. Run by hand: python make.py (needs Pillow 11.3 or later, pillow-heif).

They show what picture.rs draws. As phones write it: on its side, in tiles, with an Exif orientation that says so too.
"""

import io
import struct
import sys
from pathlib import Path

import pillow_heif
from PIL import Image

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[4] / "functions/image-processor-lambda/thumbnail/tests/fixtures"))
import heif_file  # noqa: E402

pillow_heif.register_heif_opener()
picture = Image.new("RGB", (640, 400))
for box, color in {
    (0, 0, 320, 200): (200, 30, 30),
    (320, 0, 640, 200): (30, 170, 30),
    (0, 200, 320, 400): (30, 30, 200),
    (320, 200, 640, 400): (220, 210, 60),
}.items():
    picture.paste(color, box)
stored = picture.transpose(Image.ROTATE_90)

for kind in ("heic", "avif"):

    def encode(tile, kind=kind):
        out = io.BytesIO()
        tile.save(out, "AVIF" if kind == "avif" else "HEIF", quality=60)
        return out.getvalue()

    heif = heif_file.Heif(kind.encode())
    numbers, rows, columns = heif_file.tiles(heif, stored, 256, encode)
    # Three quarters anticlockwise are one clockwise.
    shown = [heif_file.nclx(1, 13, 6, 1), heif_file.rotation(3)]
    grid = heif.grid(numbers, rows, columns, stored.size, shown, primary=True)
    exif = Image.Exif()
    exif[0x112] = 6
    heif.refer(b"cdsc", heif.item(b"Exif", struct.pack(">I", 6) + exif.tobytes(), []), [grid])
    (HERE / f"quarters.{kind}").write_bytes(heif.bytes())
