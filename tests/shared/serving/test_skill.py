import base64
import time
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from shared.deadline import Deadline
from shared.embedding.embedder import BATCH, Embedder, Vectors
from shared.embedding.images import Picture, Warn
from shared.embedding.pipeline import PREFETCH
from shared.model.bundle import Labels
from shared.model.model import Model
from shared.serving.contract import Answer, Record, RecordError
from shared.serving.skill import AnswerOptions, answer_records
from tests.bundles import make_bundle
from tests.conftest import encode, noise_picture

PLAIN = AnswerOptions()


def base64_picture(seed: int) -> str:
    return base64.b64encode(encode(noise_picture(seed))).decode()


@pytest.fixture(scope="module")
def model(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Two groups, each around one noise picture; the second has a reach that suggests it to anything."""
    vectors = embedder.embed([embedder.picture(encode(noise_picture(seed))) for seed in (0, 1)])
    labels = Labels(labels={0: ("zero", "both"), 1: ("one", "both")})
    folder: Path = tmp_path_factory.mktemp("models") / "noise"
    return Model(make_bundle(folder, vectors, [0, 1], labels, eps=0.001, reach=[2, 2]), embedder)


def answer(model: Model, *records: Record, options: AnswerOptions = PLAIN) -> list[Answer]:
    return answer_records(model, records, options=options)


def test_one_picture(model: Model) -> None:
    (found,) = answer(model, Record("a", (base64_picture(1),)))
    assert found.data == {
        "label": ["one", "both"],
        "clusterId": 1,
        "distance": 0.0,
        "confidence": 1.0,
        "suggestedLabel": [],
        "suggestedConfidence": 0.0,
        "modelVersion": model.version,
    }


def test_a_near_miss_has_a_suggestion_and_no_label(model: Model) -> None:
    (found,) = answer(model, Record("a", (base64_picture(7),)))
    assert (found.data["label"], found.data["clusterId"], found.data["confidence"]) == ([], -1, 0.0)
    assert found.data["suggestedLabel"] in (["zero", "both"], ["one", "both"])
    assert 0 < cast("float", found.data["suggestedConfidence"]) < 1


def test_a_deployment_may_label_near_misses(model: Model) -> None:
    near, inside = Record("a", (base64_picture(7),)), Record("b", (base64_picture(0),))
    found, plain = answer(model, near, inside, options=AnswerOptions(label_near_misses=True))
    assert found.data["label"] == found.data["suggestedLabel"] != []
    assert found.data["clusterId"] == -1
    assert plain.data["label"] == ["zero", "both"]


def test_a_list_has_the_union_of_labels_and_parallel_lists(model: Model) -> None:
    (found,) = answer(model, Record("a", tuple(map(base64_picture, (1, 7, 0, 1))), is_list=True))
    assert found.data["label"] == ["one", "both", "zero"]
    assert found.data["clusterId"] == [1, -1, 0, 1]
    assert found.data["confidence"] == [1.0, 0.0, 1.0, 1.0]
    assert [len(found.data[key]) for key in ("distance", "suggestedLabel")] == [4, 4]  # pyright: ignore[reportArgumentType]
    assert found.data["modelVersion"] == model.version


def test_a_list_of_one_stays_a_list_and_an_empty_one_is_answered(model: Model) -> None:
    one, none = answer(model, Record("a", (base64_picture(0),), is_list=True), Record("b", (), is_list=True))
    assert one.data["clusterId"] == [0]
    assert none.data == {
        "label": [],
        "clusterId": [],
        "distance": [],
        "confidence": [],
        "suggestedLabel": [],
        "suggestedConfidence": [],
        "modelVersion": model.version,
    }


def test_errors_stay_with_their_record_and_name_the_picture(model: Model) -> None:
    good = base64_picture(0)
    answers = answer(
        model,
        Record("given", error="as parsed"),
        Record("text", ("###",)),
        Record("bytes", (base64.b64encode(b"no picture").decode(),)),
        Record("list", ("###", "???"), is_list=True),
        Record("good", (good,)),
    )
    assert [found.record_id for found in answers] == ["given", "text", "bytes", "list", "good"]
    assert [found.error for found in answers] == [
        "as parsed",
        "data.images can't be read: it is not base64",
        "data.images can't be read: it is not a picture in any known format",
        "data.images[0] can't be read: it is not base64; data.images[1] can't be read: it is not base64",
        None,
    ]
    assert answers[4].data["label"] == ["zero", "both"]


def test_a_bad_picture_of_a_list_costs_its_own_entry(model: Model) -> None:
    good, none = base64_picture(0), RecordError("it is nothing")
    options = AnswerOptions(return_vector=True)
    (found,) = answer(model, Record("a", (good, "###", good, none), is_list=True), options=options)
    (alone,) = answer(model, Record("b", (good,)), options=options)
    assert found.error is None
    assert found.data == {
        "label": ["zero", "both"],
        "clusterId": [alone.data["clusterId"], -1, alone.data["clusterId"], -1],
        "distance": [alone.data["distance"], None, alone.data["distance"], None],
        "confidence": [1.0, 0.0, 1.0, 0.0],
        "suggestedLabel": [[], [], [], []],
        "suggestedConfidence": [0.0, 0.0, 0.0, 0.0],
        "vector": [alone.data["vector"], [], alone.data["vector"], []],
        "modelVersion": model.version,
    }
    assert found.warnings == (
        "data.images[1] can't be read: it is not base64",
        "data.images[3] can't be read: it is nothing",
    )


def test_a_picture_that_lacks_some_rows_is_answered_with_a_warning(model: Model) -> None:
    cut = base64.b64encode(encode(noise_picture(1, (64, 400)), "JPEG")[:-150]).decode()
    single, several = answer(model, Record("a", (cut,)), Record("b", (base64_picture(0), cut), is_list=True))
    assert (single.error, several.error) == (None, None)
    assert single.warnings[0].startswith("data.images: its last ")
    assert several.warnings[0].startswith("data.images[1]: its last ")


def test_too_many_pixels_are_an_error(model: Model) -> None:
    (found,) = answer_records(model, [Record("a", (base64_picture(0),))], max_pixels=100)
    assert found.error is not None
    assert "over the limit of 100" in found.error


def test_vector_only_when_asked_for(model: Model, embedder: Embedder) -> None:
    records = [Record("a", (base64_picture(0),)), Record("b", (base64_picture(0),), is_list=True)]
    single, several = answer(model, *records, options=AnswerOptions(return_vector=True))
    expected = embedder.embed([embedder.picture(encode(noise_picture(0)))])[0]
    assert single.data["vector"] == pytest.approx(expected.tolist(), rel=1e-6)
    assert several.data["vector"] == [single.data["vector"]]


def test_single_equals_batch(model: Model) -> None:
    records = [Record(str(seed), (base64_picture(seed),)) for seed in range(7)]
    assert answer(model, *records) == [answer(model, record)[0] for record in records]


def test_no_group_to_compare_with_has_no_distance(embedder: Embedder, tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "none", np.ones((1, 512), dtype=np.float32), [0], Labels(not_groups=(0,)))
    (found,) = answer(Model(bundle, embedder), Record("a", (base64_picture(0),)))
    assert (found.data["clusterId"], found.data["distance"]) == (-1, None)


def test_a_record_is_given_up_after_a_hundred_bad_pictures(model: Model) -> None:
    started = time.perf_counter()
    (found,) = answer(model, Record("a", ("?",) * 390_000, is_list=True))
    assert found.error == "data.images[0] can't be read: it is not base64"
    assert time.perf_counter() - started < 3  # 390,000 attempts took 30 s


def test_texts_are_decoded_as_the_network_needs_them(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = 0
    decode = model.embedder.picture

    def counted(data: bytes, *, max_pixels: int, warn: Warn) -> Picture:
        nonlocal decoded
        decoded += 1
        return decode(data, max_pixels=max_pixels, warn=warn)

    ahead: list[int] = []

    def instant(pictures: Sequence[Picture]) -> Vectors:
        ahead.append(decoded)
        return np.ones((len(pictures), 512), dtype=np.float32)

    monkeypatch.setattr(model.embedder, "picture", counted)
    monkeypatch.setattr(model.embedder, "embed", instant)
    text = base64_picture(0)
    answers = answer(model, *(Record(str(number), (text,)) for number in range(1000)))
    assert [each.error for each in answers] == [None] * 1000
    assert max(seen - BATCH * batch for batch, seen in enumerate(ahead, start=1)) <= PREFETCH + BATCH


@pytest.mark.parametrize("is_list", [False, True])
def test_what_is_not_reached_in_time_says_so_and_what_to_do(model: Model, is_list: bool) -> None:
    (found,) = answer_records(model, [Record("a", (base64_picture(0),), is_list)], deadline=Deadline(0))
    assert found.error == (
        f"data.images{'[0]' if is_list else ''} was not reached within 0 s: lower the skill's batchSize, or raise its "
        "timeout and the app setting MAX_REQUEST_SECONDS"
    )


class TestWhatNobodyForesaw:
    """An error in the skill itself costs a record its answer and no other, and is logged once with its cause."""

    RECORDS = tuple(Record(str(seed), (base64_picture(seed),)) for seed in range(6))

    def check(self, answers: list[Answer], failed: list[str], kind: str, log: pytest.LogCaptureFixture) -> None:
        assert [found.record_id for found in answers] == [record.record_id for record in self.RECORDS]
        assert [found.record_id for found in answers if found.error] == failed
        (record,) = log.records
        assert record.exc_info
        assert record.getMessage().startswith(f"a record can't be answered: {kind}: ")
        for found in answers:
            expected = f"answered because of an error in the skill itself ({kind}), which its log explains"
            assert found.error is None or found.error.endswith(expected)

    def test_while_decoding(
        self, model: Model, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        decode, bad = model.embedder.picture, {encode(noise_picture(seed)) for seed in (1, 4)}

        def broken(data: bytes, *, max_pixels: int, warn: Warn) -> Picture:
            return decode(data, max_pixels=max_pixels, warn=warn) if data not in bad else cast("Picture", {}["decoder"])

        monkeypatch.setattr(model.embedder, "picture", broken)
        self.check(answer(model, *self.RECORDS), ["1", "4"], "KeyError", caplog)

    def test_while_embedding(
        self, model: Model, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        embed, bad = model.embedder.embed, model.embedder.picture(encode(noise_picture(4)))

        def broken(pictures: Sequence[Picture]) -> Vectors:
            if any(np.array_equal(picture, bad) for picture in pictures):
                raise RuntimeError("the network does not like this one")
            return embed(pictures)

        monkeypatch.setattr(model.embedder, "embed", broken)
        self.check(answer(model, *self.RECORDS), ["4"], "RuntimeError", caplog)

    def test_while_assigning(
        self, model: Model, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(vectors: Vectors, category: str | None = None) -> list[object]:
            raise ZeroDivisionError("division by zero")

        monkeypatch.setattr(model, "assign", broken)
        self.check(answer(model, *self.RECORDS), list("012345"), "ZeroDivisionError", caplog)

    def test_running_out_of_memory_fails_the_whole_request(self, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(data: bytes, *, max_pixels: int, warn: Warn) -> Picture:
            raise MemoryError

        monkeypatch.setattr(model.embedder, "picture", full)
        with pytest.raises(MemoryError):
            answer(model, *self.RECORDS)
