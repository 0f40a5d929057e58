"""Pictures that belong to no group: every subject once, in a fixed order."""

from collections.abc import Callable

from numpy.random import Generator
from PIL import Image

from .odd_indoor import bicycle, cactus, chess, fruit_bowl, wall_clock
from .odd_outdoor import balloons, city, house, mountains, sailing

# The first ones go to training, the next to testing. Three that look alike would be a group, so each is different.
SUBJECTS: tuple[Callable[[Generator], Image.Image], ...] = (
    bicycle, mountains, fruit_bowl, wall_clock, balloons, chess, sailing, cactus, city, house,
)  # fmt: skip


def odd_picture(rng: Generator, number: int) -> Image.Image:
    """The subject of that number."""
    return SUBJECTS[number](rng)
