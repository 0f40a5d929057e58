"""From light to a photograph: focus, exposure, vignette, white balance, film curve, grain."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from PIL import Image

from .material import GAMMA
from .noise import Floats

FOCUS_STEPS = 4


@dataclass(frozen=True)
class Lens:
    """How a picture is taken.

    `focus` is the sharp distance in centimetres (None: everything is sharp), `aperture` the blur in pixels far behind
    it, `exposure` the brightness of the picture's middle greys (0.18 is neutral) unless highlights would pass
    `headroom`, `contrast` the share of an S-curve, `balance` the gains of red, green and blue, `grain` the standard
    deviation of the noise on a 0..1 scale, `softness` the blur of the lens in pixels, `haze` veiling glare.
    """

    focus: float | None = None
    aperture: float = 4.0
    exposure: float = 0.2
    headroom: float = 1.0
    contrast: float = 0.3
    balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    vignette: float = 0.25
    grain: float = 0.012
    softness: float = 0.5
    haze: float = 0.01
    saturation: float = 1.0


def blur(picture: Floats, sigma: float) -> Floats:
    """Gaussian blur of a (h, w, channels) array, edges repeated."""
    if sigma <= 0:
        return picture
    reach = max(1, round(3 * sigma))
    offsets = np.arange(-reach, reach + 1)
    kernel = np.exp(-(offsets**2) / (2 * sigma**2)).astype(np.float32)
    kernel /= kernel.sum()
    for axis in (0, 1):
        pad = [(reach, reach) if a == axis else (0, 0) for a in range(picture.ndim)]
        wide = np.moveaxis(np.pad(picture, pad, mode="edge"), axis, 0)
        length = picture.shape[axis]
        total = kernel[0] * wide[:length]
        for offset, weight in enumerate(kernel[1:], 1):
            total += weight * wide[offset : offset + length]
        picture = np.moveaxis(total, 0, axis)
    return picture


def defocus(picture: Floats, distance: Floats, focus: float, aperture: float) -> Floats:
    """Blur by how far each pixel is from the plane of focus, blending a few blurred copies."""
    circle = np.abs(1 - focus / np.maximum(distance, 1))
    circle = np.clip(blur(circle[..., None], 1.5)[..., 0], 0, 1) * (FOCUS_STEPS - 1)
    copies = [blur(picture, aperture * step / (FOCUS_STEPS - 1)) for step in range(FOCUS_STEPS)]
    result = np.zeros_like(picture)
    for step, copy in enumerate(copies):
        result += copy * np.clip(1 - np.abs(circle - step), 0, 1)[..., None]
    return result


def photograph(light: Floats, distance: Floats, lens: Lens, rng: Generator) -> Image.Image:
    """The finished picture from linear light (h, w, 3) and distances (h, w)."""
    picture = np.asarray(light, np.float32)
    if lens.focus is not None:
        picture = defocus(picture, distance, lens.focus, lens.aperture)
    picture = blur(picture, lens.softness)
    brightness = picture.mean(2)
    # Metered on the log average, as cameras do, but never so that more than the last percents burn out.
    gain = lens.exposure / np.exp(np.log(brightness + 1e-3).mean())
    picture = picture * np.float32(min(gain, lens.headroom / float(np.percentile(brightness, 97))))
    picture = picture + lens.haze * picture.mean((0, 1)) + lens.haze * blur(np.minimum(picture, 4), 12)
    height, width = brightness.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    picture = picture * (1 - lens.vignette * ((x**2 + y**2) / 2) ** 1.3)[..., None].astype(np.float32)
    grey = picture.mean(2, keepdims=True)
    picture = np.maximum(grey + (picture - grey) * lens.saturation, 0) * np.array(lens.balance, np.float32)
    tone = np.clip(filmic(picture), 0, 1)
    tone = tone + lens.contrast * (tone * tone * (3 - 2 * tone) - tone)
    noise = rng.normal(0, 1, tone.shape).astype(np.float32)
    luminance = rng.normal(0, 1, (height, width, 1)).astype(np.float32)
    # Shot noise: strongest in the shadows once the film curve has lifted them.
    tone = tone + lens.grain * (1.3 - tone) * (0.5 * blur(noise, 0.6) + 0.7 * luminance)
    return Image.fromarray((np.clip(tone, 0, 1) * 255 + 0.5).astype(np.uint8))


def filmic(picture: Floats) -> Floats:
    """Display values 0..1: linear in the shadows, a soft shoulder above two thirds."""
    shoulder = 0.55
    compressed = shoulder + (1 - shoulder) * (1 - np.exp(-(picture - shoulder) / (1 - shoulder)))
    return np.power(np.maximum(np.where(picture > shoulder, compressed, picture), 0), 1 / GAMMA)
