"""Makes the seeds. Run by hand: python make.py (needs Pillow)."""

from pathlib import Path

from PIL import Image

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
