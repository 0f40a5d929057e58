import json
from pathlib import Path

import numpy as np
import pytest

from shared.digests import sha256
from shared.model.bundle import CLUSTERS, LABELS, MANIFEST, Bundle, BundleError, Labels, read_bundle, write_labels
from shared.model.exclusions import Excluded
from shared.model.parts import Edits
from tests.bundles import make_bundle

VECTORS = np.random.default_rng(0).normal(size=(4, 512)).astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "books"


@pytest.fixture
def bundle(folder: Path) -> Bundle:
    return make_bundle(folder, VECTORS, [0, 0, 1, 1], Labels(labels={0: ("open book", "double spread")}))


def edit_json(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_round_trip(bundle: Bundle, folder: Path) -> None:
    again = read_bundle(folder)
    assert again.manifest == bundle.manifest
    assert again.labels.labels == {0: ("open book", "double spread")}
    assert np.array_equal(again.arrays.vectors, VECTORS)
    assert again.version == bundle.version


def test_the_same_content_gives_the_same_bytes_and_version(bundle: Bundle, tmp_path: Path) -> None:
    other = make_bundle(tmp_path / "b" / "books", VECTORS, [0, 0, 1, 1], bundle.labels)
    assert other.version == bundle.version
    assert other.manifest.files == bundle.manifest.files


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_names_may_be_saved_by_any_editor(bundle: Bundle, folder: Path, encoding: str) -> None:
    path = folder / LABELS
    path.write_bytes(path.read_text("utf-8").encode(encoding))
    assert read_bundle(folder).labels == bundle.labels


def test_names_in_another_encoding_are_an_error(bundle: Bundle, folder: Path) -> None:
    write_labels(folder, Labels(labels={0: ("Bücher",)}))
    path = folder / LABELS
    path.write_bytes(path.read_text("utf-8").encode("cp1252"))
    with pytest.raises(BundleError, match="is not a label file: it is neither UTF-8 nor UTF-16"):
        read_bundle(folder)


@pytest.mark.parametrize("name", ["", " \t", "a\x00b", "x" * 100_000], ids=["empty", "blank", "control", "long"])
def test_what_is_not_a_name_is_refused_by_its_entry(bundle: Bundle, folder: Path, name: str) -> None:
    edit_json(folder / LABELS, labels={"0": ["fine", name]})
    with pytest.raises(BundleError, match=r"labels\.json is not a label file: labels\.0\.1: .*a name (can't|has)"):
        read_bundle(folder)


def test_a_cluster_that_there_is_not_is_named(bundle: Bundle, folder: Path) -> None:
    edit_json(folder / LABELS, labels={"-1": ["noise"]})
    with pytest.raises(BundleError, match=r"labels\.json.*-1"):
        read_bundle(folder)


def test_another_name_is_another_version(bundle: Bundle, folder: Path) -> None:
    write_labels(folder, Labels(labels={0: ("closed book",)}))
    renamed = read_bundle(folder)
    assert renamed.manifest == bundle.manifest
    assert renamed.version != bundle.version
    assert renamed.version.startswith(bundle.manifest.version)


@pytest.mark.usefixtures("bundle")
@pytest.mark.parametrize("name", [MANIFEST, CLUSTERS, LABELS])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(BundleError, match=f"{name} is missing"):
        read_bundle(folder)


@pytest.mark.usefixtures("bundle")
def test_an_altered_file_is_named(folder: Path) -> None:
    content = bytearray((folder / CLUSTERS).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / CLUSTERS).write_bytes(content)
    with pytest.raises(BundleError, match=r"clusters\.npz is not the file its manifest lists"):
        read_bundle(folder)


@pytest.mark.usefixtures("bundle")
def test_a_newer_format_says_what_to_do(folder: Path) -> None:
    edit_json(folder / MANIFEST, format=2)
    with pytest.raises(BundleError, match="has format 2, this code reads format 1: update the code"):
        read_bundle(folder)


@pytest.mark.usefixtures("bundle")
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"7", b"{}", b"\xff\xff"])
def test_a_broken_manifest_is_an_error(folder: Path, content: bytes) -> None:
    (folder / MANIFEST).write_bytes(content)
    with pytest.raises(BundleError, match=r"manifest\.json"):
        read_bundle(folder)


@pytest.mark.usefixtures("bundle")
@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/b", ".."])
def test_a_manifest_cannot_reach_outside(folder: Path, name: str) -> None:
    edit_json(folder / MANIFEST, files={name: "0" * 64})
    with pytest.raises(BundleError, match="is not a manifest: files"):
        read_bundle(folder)


@pytest.mark.usefixtures("bundle")
@pytest.mark.parametrize("content", [b"{", b"[]", b'{"labels": {"x": ["a"]}}', b'{"labels": {"0": "a"}}'])
def test_broken_labels_are_an_error(folder: Path, content: bytes) -> None:
    (folder / LABELS).write_bytes(content)
    with pytest.raises(BundleError, match=r"labels\.json is not a label file"):
        read_bundle(folder)


@pytest.mark.usefixtures("bundle")
@pytest.mark.parametrize(
    "edits", [Edits(core={4: 0}), Edits(core={0: 2}), Edits(core={0: -2}), Edits(eps={3: 0.1}), Edits(eps={1: 0.1})]
)
def test_edits_of_missing_clusters_are_an_error(folder: Path, edits: Edits) -> None:
    write_labels(folder, Labels(edits=edits))
    with pytest.raises(BundleError, match=r"labels\.json: edits"):
        read_bundle(folder)


def test_removed_pictures_are_kept_to_the_bit(bundle: Bundle, folder: Path) -> None:
    out = Excluded(picture="a.jpg", clusters=(0, 1), vector=(VECTORS[0] / 3).tobytes())
    write_labels(folder, bundle.labels.model_copy(update={"edits": Edits(excluded=(out,))}))
    (kept,) = read_bundle(folder).labels.edits.excluded
    assert (kept, (kept.embedding() == VECTORS[0] / 3).all()) == (out, True)


@pytest.mark.usefixtures("bundle")
@pytest.mark.parametrize(
    ("clusters", "vector", "problem"),
    [
        ((2,), VECTORS[0].tobytes(), "excluded from a cluster that is unknown"),
        ((0,), VECTORS[0].tobytes()[:-4], "is not an embedding of 512 numbers"),
        ((0,), VECTORS[0].tobytes()[:-1], "is not an embedding of 512 numbers"),
        ((0,), (VECTORS[0] * np.nan).tobytes(), "is not an embedding of 512 numbers"),
    ],
)
def test_impossible_removed_pictures_are_an_error(
    folder: Path, clusters: tuple[int, ...], vector: bytes, problem: str
) -> None:
    out = Excluded(picture="a.jpg", clusters=clusters, vector=vector)
    write_labels(folder, Labels(edits=Edits(excluded=(out,))))
    with pytest.raises(BundleError, match=problem):
        read_bundle(folder)


def test_object_arrays_are_never_loaded(bundle: Bundle, folder: Path) -> None:
    np.savez(folder / CLUSTERS, vectors=np.array([print], dtype=object), allow_pickle=True)
    digest = sha256((folder / CLUSTERS).read_bytes())
    edit_json(folder / MANIFEST, files=bundle.manifest.files | {CLUSTERS: digest})
    with pytest.raises(BundleError, match="can't be read"):
        read_bundle(folder)


def test_replacing_a_bundle_on_a_full_or_read_only_disk_is_reported(
    bundle: Bundle, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".ready").mkdir()
    (folder / MANIFEST).rename(folder / ".ready" / MANIFEST)

    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as closed:
        closed.setattr(Path, "replace", refuse)
        with pytest.raises(BundleError, match=r"books was being replaced .* \(Permission denied\): open it once where"):
            read_bundle(folder)
    assert read_bundle(folder).manifest == bundle.manifest


@pytest.mark.usefixtures("bundle")
@pytest.mark.parametrize("content", [b"[" * 200_000, b'{"format": {}}', b'{"format": []}', b"\xff\xfe", b"1" * 5000])
def test_what_is_not_a_manifest_is_refused(content: bytes, folder: Path) -> None:
    (folder / MANIFEST).write_bytes(content)
    with pytest.raises(BundleError, match="manifest"):
        read_bundle(folder)


@pytest.mark.usefixtures("bundle")
def test_arrays_that_unpack_to_more_than_their_file_are_refused(folder: Path) -> None:
    np.savez_compressed(folder / CLUSTERS, vectors=np.zeros((50_000, 512), np.float32))
    packed = (folder / CLUSTERS).read_bytes()
    files = json.loads((folder / MANIFEST).read_text())["files"]
    edit_json(folder / MANIFEST, files=files | {CLUSTERS: sha256(packed)})
    with pytest.raises(BundleError, match=r"clusters\.npz can't be read: vectors\.npy is packed"):
        read_bundle(folder)
