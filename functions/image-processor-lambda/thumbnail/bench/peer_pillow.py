"""Makes one thumbnail several times with Pillow, and pillow-heif for HEIC: FILE SIDE COUNT OUT."""

import io
import sys

from PIL import Image

if sys.argv[1].endswith(".heic"):
    import pillow_heif

    pillow_heif.register_heif_opener()

Image.MAX_IMAGE_PIXELS = None
file, side, count, out = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
with open(file, "rb") as handle:
    data = handle.read()
result = b""
for _ in range(count):
    image = Image.open(io.BytesIO(data))
    image.thumbnail((side, side))
    if image.mode != "RGB":
        image = image.convert("RGB")
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    result = buffer.getvalue()
with open(out, "wb") as handle:
    handle.write(result)
with open("/proc/self/status") as status:
    peak = next(line.split()[1] for line in status if line.startswith("VmHWM:"))
with open(out + ".kb", "w") as handle:
    handle.write(peak)
