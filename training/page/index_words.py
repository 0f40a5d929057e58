"""words.csv beside a bundle: what an index says about the pictures (tags, captions), to suggest names by.

`python -m infra.search words` writes it. It is not of the bundle: nothing serves it, publishes it or needs it.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from shared.documents import text_of
from shared.errors import UserError
from shared.printable import composed
from training.csv_files import csv_rows

WORDS = "words.csv"


class WordsError(UserError):
    """The words can't be read. The message names the file."""


def read_words(folder: Path) -> Mapping[str, Sequence[str]]:
    """The texts about each picture, by its name; none where there is no such file. Raises WordsError."""
    path = folder / WORDS
    texts: defaultdict[str, list[str]] = defaultdict(list)
    try:
        for row in csv_rows(text_of(path.read_bytes())):
            texts[composed(row["picture"])].append(row["text"])
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise WordsError(f"{path} can't be read: {error.strerror}") from None
    except KeyError as error:
        raise WordsError(f"{path} needs the columns picture and text: {error} is missing") from None
    except (ValueError, csv.Error) as error:
        raise WordsError(f"{path} can't be read: {error}") from None
    return texts
