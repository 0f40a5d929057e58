"""From a scene to the light that reaches the film: visibility, texture, shadows, ambient light, reflections."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from . import light
from .camera import Camera
from .geometry import Part
from .light import LIFT_TEXELS, MAP_SIZE, Rig
from .noise import Floats
from .raster import NOTHING, plane_coefficients, rasterise

# The scene is sampled at twice the picture's size and averaged.
SCALE = 2
# Twofold sampling averages texture as well, so textures may be a little sharper than one texel a sample.
LEVEL_BIAS = -0.35
# The share of light that finds its way into fully occluded corners after bouncing about.
BOUNCE = 0.12


@dataclass(frozen=True, eq=False)
class Scene:
    """`things` cast shadows; the `stage` (table, walls) only receives them; `backdrop` (h, w, 3) lies behind it all."""

    things: Sequence[Part]
    stage: Sequence[Part]
    camera: Camera
    rig: Rig
    backdrop: Floats


@dataclass(frozen=True, eq=False)
class Samples:
    """What is seen through each covered sample of the screen, all (n, …)."""

    where: NDArray[np.int64]
    points: Floats
    normals: Floats
    albedo: Floats
    gloss: Floats
    sharpness: Floats
    glow: Floats


def render(scene: Scene, rng: Generator) -> tuple[Floats, Floats]:
    """Linear light (h, w, 3) and distance from the camera (h, w; infinite in the backdrop)."""
    height, width = scene.camera.shape(SCALE)
    samples = _visible(scene)
    back = np.array(scene.backdrop, np.float32)
    rows = np.arange(height) * back.shape[0] // height
    columns = np.arange(width) * back.shape[1] // width
    film = back[rows][:, columns].reshape(-1, 3)
    film[samples.where] = _shade(scene, samples, rng, width)
    distance = np.full(height * width, np.inf, np.float32)
    away = samples.points - np.array(scene.camera.position, np.float32)
    distance[samples.where] = away @ scene.camera.basis[2]
    shape = (height // SCALE, SCALE, width // SCALE, SCALE)
    return film.reshape(*shape, 3).mean((1, 3)), distance.reshape(shape).min((1, 3))


def _visible(scene: Scene) -> Samples:
    parts = [*scene.things, *scene.stage]
    corners = np.concatenate([part.corners for part in parts])
    normals = np.concatenate([part.normals for part in parts])
    uv = np.concatenate([part.uv for part in parts])
    owner = np.repeat(np.arange(len(parts)), [len(part.corners) for part in parts])
    screen, inverse = scene.camera.project(corners, SCALE)
    shape = scene.camera.shape(SCALE)
    _, ids = rasterise(screen, inverse, shape)
    where = np.flatnonzero(ids != NOTHING)
    triangle = ids.ravel()[where]

    x, y = where % shape[1] + 0.5, where // shape[1] + 0.5
    planes = plane_coefficients(screen)[triangle]
    weights = (planes[..., 0] * x[:, None] + planes[..., 1] * y[:, None] + planes[..., 2]) * inverse[triangle]
    weights = (weights / weights.sum(1, keepdims=True)).astype(np.float32)
    points = _blend(weights, corners[triangle])
    normal = _normalised(_blend(weights, normals[triangle]))
    facing = _dot(np.array(scene.camera.position, np.float32) - points, normal)
    normal = np.where(facing[:, None] < 0, -normal, normal)
    coordinates = _blend(weights, uv[triangle])

    detail = _log_texels_per_pixel(screen, uv)[triangle]
    mine = owner[triangle]
    order = np.argsort(mine, kind="stable")
    edges = np.searchsorted(mine[order], np.arange(len(parts) + 1))
    albedo = np.zeros((len(where), 3), np.float32)
    shine = np.array([(p.material.gloss, p.material.sharpness, p.material.glow) for p in parts], np.float32)[mine]
    for part, start, stop in zip(parts, edges[:-1], edges[1:], strict=True):
        chosen = order[start:stop]
        texture = part.material.texture
        texels = 0.5 * np.log2(texture.srgb.shape[0] * texture.srgb.shape[1])
        levels = np.clip(np.rint(detail[chosen] + texels + LEVEL_BIAS), 0, len(texture.levels) - 1).astype(np.int32)
        for level in np.unique(levels):
            at = chosen[levels == level]
            albedo[at] = texture.sample(coordinates[at], int(level))
    return Samples(where, points, normal, albedo, shine[:, 0], shine[:, 1], shine[:, 2])


def _log_texels_per_pixel(screen: Floats, uv: Floats) -> Floats:
    """log2 of a triangle's linear scale from texture (as a unit square) to screen."""

    def area(points: Floats) -> Floats:
        a, b = points[:, 1] - points[:, 0], points[:, 2] - points[:, 0]
        return np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])

    return 0.5 * np.log2(np.maximum(area(uv), 1e-12) / np.maximum(area(screen), 1e-3))


def _blend(weights: Floats, values: Floats) -> Floats:
    """Corner values (n, 3 corners, k) weighted by (n, 3), as (n, k)."""
    return weights[:, :1] * values[:, 0] + weights[:, 1:2] * values[:, 1] + weights[:, 2:] * values[:, 2]


def _dot(one: Floats, other: Floats) -> Floats:
    """Row by row products of (n, 3) arrays; several times faster than summing along the short axis."""
    return one[:, 0] * other[:, 0] + one[:, 1] * other[:, 1] + one[:, 2] * other[:, 2]


def _normalised(vectors: Floats) -> Floats:
    return vectors / np.maximum(np.sqrt(_dot(vectors, vectors)), 1e-6)[:, None]


def _shade(scene: Scene, samples: Samples, rng: Generator, width: int) -> Floats:
    rig = scene.rig
    centre, radius = light.bounds(scene.things)
    corners = np.concatenate([part.corners for part in scene.things])
    key_directions = light.cone(light.unit(rig.key), rig.softness, light.KEY_DIRECTIONS)
    sky_directions = light.cone(light.unit(rig.open_to), 88, light.SKY_DIRECTIONS)
    sky_radiance = rig.sky_colour(sky_directions) / len(sky_directions)
    strength = rig.key_strength(samples.points) / len(key_directions)
    key, shown, reach = (np.zeros(len(samples.where), np.float32) for _ in range(3))
    diffuse = np.zeros_like(samples.albedo)
    # Of the 2 x 2 samples that make a pixel each sees every fourth direction; their average sees all.
    group = samples.where // width % 2 * 2 + samples.where % 2
    for number in range(4):
        at = np.flatnonzero(group == number)
        normals = samples.normals[at]
        lifted = samples.points[at] + normals * np.float32(LIFT_TEXELS * 2 * radius / MAP_SIZE)
        jitter = rng.uniform(-0.5, 0.5, (len(at), 2)).astype(np.float32)
        towards_key, key_seen, sky_seen = (np.zeros(len(at), np.float32) for _ in range(3))
        for direction in key_directions[number::4]:
            seen = light.shadow_map(corners, direction, centre, radius).lit(lifted, jitter)
            towards_key += seen * np.maximum(light.along(normals, direction), 0)
            key_seen += seen
        colour = np.zeros((len(at), 3), np.float32)
        for direction, radiance in zip(sky_directions[number::4], sky_radiance[number::4], strict=True):
            seen = light.shadow_map(corners, direction, centre, radius).lit(lifted, jitter)
            ambient = (seen * (1 - BOUNCE) + BOUNCE) * np.maximum(light.along(normals, direction), 0)
            # Twice, because the mean cosine over a hemisphere is one half.
            colour += ambient[:, None] * (2 * 4 * radiance)
            sky_seen += seen
        key[at], shown[at] = 4 * towards_key * strength[at], 4 * key_seen * strength[at]
        reach[at], diffuse[at] = sky_seen * 4 / len(sky_directions), colour
    key_colour = np.array(rig.key_colour, np.float32)
    diffuse += key[:, None] * key_colour
    return samples.albedo * (diffuse + samples.glow[:, None]) + _mirrored(
        scene, samples, shown[:, None] * key_colour, reach
    )


def _mirrored(scene: Scene, samples: Samples, key: Floats, reach: Floats) -> Floats:
    """Highlights of the key light and the reflected room, (n, 3), on whatever has gloss."""
    result = np.zeros_like(samples.albedo)
    at = np.flatnonzero(samples.gloss > 0)
    normals, gloss = samples.normals[at], samples.gloss[at]
    eye = _normalised(np.array(scene.camera.position, np.float32) - samples.points[at])
    half = _normalised(eye + light.unit(scene.rig.key))
    # A broad light makes a broad highlight: its cone adds to the width of the surface's own lobe.
    spread = 2 / samples.sharpness[at] + np.float32(np.radians(scene.rig.softness) ** 2)
    exponent = 2 / spread
    highlight = np.maximum(_dot(half, normals), 0) ** exponent * (exponent + 2) / 8 * gloss
    facing = np.clip(_dot(eye, normals), 0, 1)
    reflected = 2 * facing[:, None] * normals - eye
    # Schlick's approximation of Fresnel reflection; surfaces are rough enough to keep grazing angles below a mirror's.
    fresnel = gloss + (0.6 - 0.6 * gloss) * (1 - facing) ** 5
    result[at] = highlight[:, None] * key[at] + (fresnel * reach[at])[:, None] * scene.rig.sky_colour(reflected)
    return result
