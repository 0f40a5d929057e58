"""Names suggested for a group: the words that set it apart, and no others."""

from __future__ import annotations

import random
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.page.suggesting import MOST_SUGGESTED, Suggester, texts_of_name

DOGS = ["a brown dog on grass", "a dog, playing", "two dogs and a dog"]
CATS = ["a cat on a sofa", "a cat, playing", "a black cat"]


def suggest(group: list[str], *others: list[str], taken: tuple[str, ...] = ()) -> list[str]:
    """For the first of some groups, by a text for each of its pictures."""
    texts = [[text] for some in (group, *others) for text in some]
    ends = list(accumulate(map(len, (group, *others)), initial=0))
    groups = {number: range(*pair) for number, pair in enumerate(pairwise(ends))}
    return Suggester(texts).suggest(groups, taken)[0]


def names(*pictures: str) -> list[str]:
    return [", ".join(texts_of_name(picture)) for picture in pictures]


class TestWords:
    def test_what_sets_a_group_apart_is_suggested(self) -> None:
        assert suggest(DOGS, CATS)[0] == "dog"

    def test_what_others_say_as_often_is_not(self) -> None:
        assert not {"a", "on", "playing"} & {*suggest(DOGS, CATS)}

    def test_articles_are_not_though_some_groups_use_another(self) -> None:
        others = (
            ["der Hund", "Hund"],
            ["der Wal", "Wal"],
            ["eine Kuh", "Kuh"],
            ["eine Ente", "Ente"],
            ["eine Eule", "Eule"],
        )
        found = suggest(["eine Katze im Haus", "eine graue Katze im Gras"], *others)
        assert found[0] == "Katze"
        assert "eine" not in found

    def test_two_groups_of_a_kind_are_told_from_the_others(self) -> None:
        assert suggest(["dog"] * 6, ["dog"] * 6, ["cat"] * 6, ["cat"] * 6, ["cow"] * 6) == ["dog"]

    def test_what_a_few_pictures_share_by_chance_is_not(self) -> None:
        chance = random.Random(0)
        texts = [[" ".join(chance.choices(["aa", "ab", "ac", "ad", "ae", "af", "ba", "bb"], k=2))] for _ in range(200)]
        found = Suggester(texts).suggest({start: range(start, start + 5) for start in range(0, 200, 5)})
        assert sum(map(bool, found.values())) <= 2

    def test_a_tag_of_several_words_is_kept_whole(self) -> None:
        assert suggest(["open book, book"] * 3, ["closed book, book"] * 3) == ["open book"]

    def test_japanese_is_taken_as_it_stands_between_its_commas(self) -> None:
        assert suggest(["黒い猫、かわいい。"] * 2, ["犬、かわいい。"] * 2) == ["黒い猫"]

    def test_a_word_that_a_phrase_does_not_always_hold_is_suggested_beside_it(self) -> None:
        assert suggest(["red dog", "red dog", "dog", "dog", "dog"], ["cat"] * 5) == ["dog", "red dog"]

    def test_what_names_one_picture_does_not_name_its_group(self) -> None:
        assert suggest(["Rex", "Bello", "Luna"], CATS) == []

    def test_the_most_frequent_way_of_writing_is_kept(self) -> None:
        assert suggest(["Hund", "Hund", "hund"], ["Katze"] * 3) == ["Hund"]

    def test_names_that_are_taken_are_not_suggested_nor_their_words(self) -> None:
        assert suggest(["open book"] * 3, ["cat"] * 3, taken=("Open Book",)) == []

    def test_nothing_sets_the_only_group_apart(self) -> None:
        assert suggest(DOGS) == []

    def test_nothing_is_written_about_a_group(self) -> None:
        assert suggest([""] * 3, CATS) == []

    @pytest.mark.parametrize("text", ["a\u200bb", "x" * 200, "5, 12", "...", "b"])
    def test_what_can_t_be_a_name_is_never_suggested(self, text: str) -> None:
        assert suggest([text] * 3, CATS) == []


class TestFileNames:
    def test_folders_and_files_name_a_group(self) -> None:
        assert suggest(names("pets/dogs/IMG_1.jpg", "pets/dogs/IMG_2.jpg"), names("pets/cats/IMG_3.jpg")) == ["dogs"]

    def test_numbers_and_what_a_camera_calls_every_file_are_passed_over(self) -> None:
        group = names("IMG_0001.JPG", "IMG_0002.JPG", "DSC01.JPG", "P1010023.JPG")
        assert suggest(group, names("IMG_0003.JPG", "IMG_0004.JPG", "DSC02.JPG", "P1010024.JPG")) == []

    @pytest.mark.parametrize(
        ("first", "second", "expected"),
        [
            ("open_book_01.jpg", "open_book_02.jpg", "open book"),
            ("GoldenRetriever-1.png", "goldenRetriever2.png", "Golden Retriever"),
            ("red-brick-wall-12.jpg", "red-brick-wall-7.jpg", "red brick wall"),
            ("t-shirt/a81e5ddc-184c.jpg", "t-shirt/05d361f6-9518.jpg", "t-shirt"),
            ("HTMLPage1.png", "HTMLPage2.png", "HTML Page"),
            ("e\u0301te\u0301/1.jpg", "été/2.jpg", "été"),
            ("straße_1.jpg", "Straße_2.jpg", "Straße"),
            ("猫/DSC1.jpg", "猫/DSC2.jpg", "猫"),
            ("寿司の写真1.jpg", "寿司の写真2.jpg", "寿司の写真"),
            ("हिन्दी/१.png", "हिन्दी/२.png", "हिन्दी"),
            ("кошка 1.jpg", "кошка 2.jpg", "кошка"),
        ],
    )
    def test_words_are_found_in_every_script(self, first: str, second: str, expected: str) -> None:
        assert suggest(names(first, second), names("DSC3.jpg", "x/DSC4.jpg"))[0] == expected


_word = st.sampled_from(["dog", "cat", "red", "Red", "open book", "a", "été", "猫", "t-shirt"])
_pictures = st.lists(st.tuples(st.integers(0, 3), st.lists(_word, max_size=4)), min_size=1, max_size=24)


@given(pictures=_pictures, common=st.text("xyz", min_size=2, max_size=4), data=st.data())
def test_suggestions_depend_on_no_order_and_hold_nothing_common(
    pictures: list[tuple[int, list[str]]], common: str, data: st.DataObject
) -> None:
    taken = data.draw(st.lists(_word, max_size=2))
    shuffled = data.draw(st.permutations(pictures))

    def every(pictures: list[tuple[int, list[str]]]) -> list[list[str]]:
        suggester = Suggester([[*words, common] for _, words in pictures])
        groups = [[row for row, (group, _) in enumerate(pictures) if group == number] for number in range(4)]
        return [*suggester.suggest(dict(enumerate(groups)), taken).values()]

    found = every(pictures)
    assert found == every(shuffled)
    for group, words in enumerate(found):
        written = {word.casefold() for of, texts in pictures if of == group for word in " ".join(texts).split()}
        assert len({word.casefold() for word in words}) == len(words) <= MOST_SUGGESTED
        assert not {word.casefold() for word in words} & {common, *(name.casefold() for name in taken)}
        assert all({*word.casefold().split()} <= written for word in words)
