"""What is wrong with a picture's bytes, in words for the picture's owner."""

from __future__ import annotations

from shared.errors import UserError


class PictureError(UserError):
    """These bytes are not a picture that can be read. The message says why, and continues a sentence about the file."""
