"""The base of every error whose message is written for the person who can fix its cause; errors kept as values."""


class UserError(ValueError):
    """Something outside the code is wrong. The message names the file, record or setting, and the way out."""


def without_frames[Caught: BaseException](error: Caught) -> Caught:
    """An exception that is kept as a value. Its frames would keep alive whatever was worked on where it was raised."""
    error.__traceback__ = error.__context__ = error.__cause__ = None
    return error
