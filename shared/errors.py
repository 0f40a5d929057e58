"""The base of every error whose message is written for the person who can mend its cause."""


class UserError(ValueError):
    """Something outside the code is wrong. The message names the file, record or setting, and the way out."""
