"""Names for a group, suggested by what is written about its pictures: file and folder names, and words of an index.

A word is suggested where it sets the group apart from the others, so that nothing has to know what cameras call files.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from pathlib import PurePosixPath

from scipy.special import bdtrc

# As many as one reads at a glance.
MOST_SUGGESTED = 3

# Of a group's pictures, the part that a word must be about; a word about fewer names a few pictures, not the group.
_SHARE = 0.3

# A word must be so many times as frequent in the group as among all other pictures.
_LIFT = 2

# What is about so many of the pictures of more than one in three other groups is a word of the language, such as an
# article: in the captions of 267 drawings of 17 kinds, nouns were in one kind, articles in most.
_USUAL, _SPREAD = 0.15, 3

# How likely one of a group's words may be to be so frequent there by chance: of 500 photographs with random hexadecimal
# names, in random groups of 3 to 50, 6 of 235 groups get a word, and 46 without this.
_CHANCE = 0.01

# A phrase is suggested for the word that it holds where it is about nearly as many pictures.
_INSTEAD = 0.8

# Longer texts are sentences: their words may be names, they are not. In words, and in characters.
_LONGEST_PHRASE, _LONGEST = 3, 40

_BETWEEN = re.compile(r"[,;:|/\\()\[\]{}.!?\n\u3001\u3002\u30fb\uff01\uff0c\uff1a\uff1b\uff1f]+")


class Suggester:
    """Knows what is written about each of n pictures."""

    def __init__(self, texts: Sequence[Iterable[str]]) -> None:
        """`texts` has those about each picture, shape (n,); see texts_of_name."""
        written: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._words: list[frozenset[str]] = []
        """What each picture could be called, without regard to capitals."""
        folded = cache(str.casefold)  # one string for each word, however many pictures it is about
        for some in texts:
            found = {phrase for text in some for phrase in _phrases(text)}
            for phrase in found:
                written[folded(phrase)][phrase] += 1
            self._words.append(frozenset(map(folded, found)))
        self._counts = Counter(word for words in self._words for word in words)
        self._told = sum(map(bool, self._words))
        """Pictures that something is written about."""
        self._written = {word: min(ways, key=lambda way: (-ways[way], way)) for word, ways in written.items()}
        """As a word is written most often."""

    def suggest[Group](
        self, groups: Mapping[Group, Collection[int]], taken: Iterable[str] = ()
    ) -> dict[Group, list[str]]:
        """For each group of pictures, the words that set it apart, the best first; none is one of the names `taken`.

        Ranked by class-based TF-IDF, tf * log(1 + A / f), with f the frequency of a word in all classes and A the mean
        number of words in a class (M. Grootendorst, "BERTopic: Neural topic modeling with a class-based TF-IDF
        procedure", arXiv:2203.05794, 2022, equation 2). A word counts once for each picture.
        """
        refused = {name.casefold() for name in taken}
        inside = {
            group: Counter(word for picture in pictures for word in self._words[picture])
            for group, pictures in groups.items()
        }
        told = {group: sum(bool(self._words[picture]) for picture in pictures) for group, pictures in groups.items()}
        usual = Counter(
            word for group, words in inside.items() for word, count in words.items() if count >= _USUAL * told[group]
        )
        most = 1 + -(-(len(groups) - 1) // _SPREAD)
        average = self._counts.total() / max(len(groups), 1)
        found: dict[Group, list[str]] = {}
        for group, words in inside.items():
            scores = {
                word: count * math.log1p(average / self._counts[word])
                for word, count in words.items()
                if usual[word] <= most and self._sets_apart(word, count, told[group], len(words))
            }
            found[group] = self._best(scores, words, refused)
        return found

    def _sets_apart(self, word: str, count: int, told: int, tried: int) -> bool:
        """Whether a word that is about `count` of `told` pictures is about hardly any other, and not so by chance."""
        others = self._told - told
        if not others or count < max(2, _SHARE * told):
            return False
        elsewhere = (self._counts[word] - count) / others
        return count >= _LIFT * told * elsewhere and float(bdtrc(count - 1, told, elsewhere)) * tried <= _CHANCE

    def _best(self, scores: Mapping[str, float], inside: Mapping[str, int], taken: Collection[str]) -> list[str]:
        ranked = sorted(scores, key=lambda word: (-scores[word], -len(word), word))
        refused = {*taken}
        for word in ranked:
            refused |= {part for part in _parts(word) if inside[word] >= _INSTEAD * inside[part]}
        return [self._written[word] for word in ranked if word not in refused][:MOST_SUGGESTED]


def texts_of_name(picture: str) -> list[str]:
    """What the folders and the file of a picture are called, without numbers: camelCase and under_scores are words."""
    path = PurePosixPath(picture)
    return [" ".join(_words(_spaced(part), "LM")) for part in (*path.parent.parts, path.stem)]


def _phrases(text: str) -> set[str]:
    """What a text calls a picture: each of its words, and each part between commas and the like, if it is short."""
    found: set[str] = set()
    for part in _BETWEEN.split(unicodedata.normalize("NFC", text)):
        words = [word for word in _words(part) if any(map(str.isalpha, word)) and (len(word) > 1 or not _cased(word))]
        found.update(words)
        phrase = " ".join(part.split())
        if words and len(phrase.split()) <= _LONGEST_PHRASE and phrase.isprintable():
            found.add(phrase)
    return {phrase for phrase in found if len(phrase) <= _LONGEST}


def _parts(phrase: str) -> set[str]:
    """The words of a phrase that are not all of it."""
    return {*_words(phrase)} - {phrase}


def _words(text: str, kinds: str = "LMN") -> list[str]:
    """Runs of letters, marks and numbers, or of some of these kinds. A hyphen joins a single letter: t-shirt."""
    runs = "".join(char if char == "-" or unicodedata.category(char)[0] in kinds else " " for char in text).split()
    words: list[str] = []
    for run in runs:
        parts = run.strip("-").split("-")
        words += [run.strip("-")] if min(map(len, parts)) == 1 else parts
    return [word for word in words if word]


def _spaced(name: str) -> str:
    """With a space where a capital begins a word, or another script."""
    name = unicodedata.normalize("NFC", name)
    pairs = zip(name, name[1:], f"{name[2:]} ", strict=False)
    return name[:1] + "".join(f" {char}" if _begins(before, char, after) else char for before, char, after in pairs)


def _begins(before: str, char: str, after: str) -> bool:
    if not before.isalpha() or not char.isalpha():
        return False
    capital = char.isupper() and (before.islower() or after.islower())
    return capital or _cased(before) != _cased(char)


def _cased(text: str) -> bool:
    return text.lower() != text.upper()
