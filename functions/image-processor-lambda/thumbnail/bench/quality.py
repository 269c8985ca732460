"""Structural similarity of a thumbnail to one made in floating point from the undamaged picture."""

import numpy as np
from PIL import Image


def luma(image):
    return np.asarray(image.convert("L"), dtype=np.float64)


def reference(image, size):
    """Lanczos3 in floating point, of luminance."""
    plane = Image.fromarray(np.asarray(image.convert("L"), dtype=np.float32), mode="F")
    return np.asarray(plane.resize(size, Image.LANCZOS), dtype=np.float64)


def blurred(plane):
    """A Gaussian of 11 samples, sigma 1.5, where it fits."""
    weights = np.exp(-((np.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
    weights /= weights.sum()
    rows = sum(w * plane[i : plane.shape[0] - 10 + i] for i, w in enumerate(weights))
    return sum(w * rows[:, i : rows.shape[1] - 10 + i] for i, w in enumerate(weights))


def ssim(one, other):
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_one, mean_other = blurred(one), blurred(other)
    variance_one = blurred(one * one) - mean_one**2
    variance_other = blurred(other * other) - mean_other**2
    covariance = blurred(one * other) - mean_one * mean_other
    similarity = (2 * mean_one * mean_other + c1) * (2 * covariance + c2)
    similarity /= (mean_one**2 + mean_other**2 + c1) * (variance_one + variance_other + c2)
    return float(similarity.mean())


def zone_plate(width, height):
    """Rings whose frequency grows from the middle to the corners, up to what samples can hold."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    squared = (x - width / 2) ** 2 + (y - height / 2) ** 2
    phase = np.pi * squared / (2 * max(width, height) / 2)
    return Image.fromarray(np.uint8(np.round(127.5 + 127.5 * np.cos(phase)))).convert("RGB")
