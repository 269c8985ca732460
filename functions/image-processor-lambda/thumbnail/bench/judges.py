"""What others draw of a file: Pillow, libvips, and Chromium's canvas for what those two ignore.

Each returns the whole picture, upright, in sRGB and laid onto white, as rows of red, green and blue; or nothing, where it
does not read the file.
"""

import base64
import io
import json
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

WHITE = (255, 255, 255)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def pillow(data):
    import numpy
    import pillow_heif
    from PIL import Image, ImageCms, ImageOps

    pillow_heif.register_heif_opener()
    try:
        with Image.open(io.BytesIO(data)) as image:
            kind, profile = image.format, image.info.get("icc_profile")
            image.load()
            image = ImageOps.exif_transpose(image)
            if image.mode.startswith("I;16"):
                image = Image.fromarray(((numpy.asarray(image).astype("u4") + 128) // 257).astype("u1"))
            elif image.mode in ("I", "F"):
                return kind, None
            if profile and image.mode in ("RGB", "L", "CMYK"):
                try:
                    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
                    image = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
                except ImageCms.PyCMSError:
                    pass  # Broken profiles are ignored.
            image = image.convert("RGBA")
            flat = Image.new("RGBA", image.size, (*WHITE, 255))
            flat.alpha_composite(image)
            return kind, numpy.asarray(flat.convert("RGB"))
    except Exception:  # Whatever it is: Pillow does not draw the file.
        return None, None


def libvips(data):
    import numpy
    import pyvips

    try:
        image = pyvips.Image.new_from_buffer(data, "", fail_on="error").autorot()
        if image.get_typeof("icc-profile-data") and image.interpretation != "lab":
            try:
                image = image.icc_transform("srgb", embedded=True, intent="perceptual")
            except pyvips.Error:
                pass
        image = image.colourspace("srgb")
        if image.hasalpha():
            image = image.flatten(background=list(WHITE))
        return numpy.asarray(image.cast("uchar").numpy())[..., :3]
    except pyvips.Error:
        return None


def is_beyond(data):
    """Whether a PNG declares colours that Pillow and libvips ignore: cICP, or gAMA with neither iCCP nor sRGB."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return False
    kinds, at = set(), 8
    while at + 8 <= len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind = data[at + 4 : at + 8]
        if kind == b"IDAT":
            break
        kinds.add(kind)
        at += 12 + length
    return b"cICP" in kinds or (b"gAMA" in kinds and not kinds & {b"iCCP", b"sRGB"})


def browser():
    return next(filter(None, map(shutil.which, BROWSERS)), None)


PAGE = """<body>%s<pre id=out></pre><script>
window.onload = () => {
  const drawn = [...document.images].map(image => {
    if (!image.naturalWidth) return null;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    const context = canvas.getContext("2d");
    context.fillStyle = "white";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0);
    return canvas.toDataURL("image/png").split(",")[1];
  });
  document.getElementById("out").textContent = JSON.stringify(drawn);
};
</script>"""


def chromium(files):
    """All at once: a browser takes a second to start."""
    import numpy
    from PIL import Image

    images = "".join(f"<img src='data:image/png;base64,{base64.b64encode(data).decode()}'>" for data in files)
    with tempfile.TemporaryDirectory() as directory:
        page = Path(directory, "page.html")
        page.write_text(PAGE % images)
        options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={directory}/profile"]
        command = [browser(), *options, "--virtual-time-budget=20000", "--dump-dom", page.as_uri()]
        dump = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout
    drawn = json.loads(dump.split('<pre id="out">')[1].split("</pre>")[0])
    opened = [png and Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB") for png in drawn]
    return [image and numpy.asarray(image) for image in opened]
