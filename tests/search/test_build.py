"""Tests of the rows of indexes and of the labels of nouns."""

import json
from pathlib import Path

import numpy as np
import pytest
from snakemake.iocontainers import Namedlist

from tests.search.toys import IMAGES, SETTINGS, files_of, noun_vector
from wordbridge.errors import InputError
from wordbridge.files import file_sha256
from wordbridge.nouns.table import Noun
from wordbridge.search.build import index_rows, noun_labels
from wordbridge.search.index import read_index
from wordbridge.search.words import noun_words


def test_the_index_of_nouns_has_all_nouns_with_a_vector(finished: Path):
    rows = index_rows({"index": "nouns"}, files_of(finished))

    assert [one["synset"] for one in rows[1]] == [f"n{number}" for number in range(1, 9)]
    assert rows[1][2] == {"synset": "n3", "label": "dog", "path": "dog < animal < entity"}
    assert rows[1][7]["label"] == "guinea pig"
    assert rows[0][7].tolist() == [0.5, 1, 0, 0, 3]


def test_classes_come_in_their_order(finished: Path):
    rows = index_rows({"index": "classes"}, files_of(finished))

    assert [one["label"] for one in rows[1]] == ["boat", "guinea pig", "dog"]
    assert rows[0][0].tolist() == [0, 0, 4, 1, 0]
    assert rows[2] == {
        "index": "classes",
        "word_vectors": file_sha256(finished / "nouns/vectors.npy"),
    }


def test_images_have_the_label_of_their_noun_and_the_location_of_their_file(finished: Path):
    rows = index_rows(SETTINGS, files_of(finished))

    assert [one["label"] for one in rows[1]] == [name.replace("_", " ") for name in IMAGES]
    assert rows[0][2] == pytest.approx(noun_vector("boat"), abs=0.5)
    assert rows[1][2]["image"] == "own/2.png"
    assert rows[1][2]["member"] == str(finished / "files/2.png")
    assert rows[2]["method"] == "conse"


def test_the_index_of_images_has_the_digests_of_its_model(finished: Path, tmp_path: Path):
    model = [tmp_path / "model.safetensors", tmp_path / "settings.json"]
    for path in model:
        path.write_text(path.name)
    source = index_rows(SETTINGS, files_of(finished) | {"model": model})[2]

    assert source["model"] == file_sha256(model[0])
    assert source["model_settings"] == file_sha256(model[1])


def test_files_may_be_named_lists_of_snakemake(finished: Path):
    files = Namedlist()
    for name, value in files_of(finished).items():
        start = len(files)
        files.extend(map(str, value) if isinstance(value, list) else [str(value)])
        files._set_name(name, start, end=len(files) if isinstance(value, list) else None)

    assert len(index_rows(SETTINGS, files)[1]) == 7
    assert len(index_rows({"index": "classes"}, files)[1]) == 3


def test_scores_of_classes_cannot_be_indexed(finished: Path, tmp_path: Path):
    described = {"space": "classes", "classes": [f"n{number}" for number in range(5)]}
    (tmp_path / "made.json").write_text(json.dumps(described), encoding="utf-8")

    with pytest.raises(InputError, match="expected predictions in the space words, got classes"):
        index_rows(SETTINGS, files_of(finished) | {"description": tmp_path / "made.json"})


def test_predictions_of_other_images_are_refused(finished: Path, tmp_path: Path):
    np.save(tmp_path / "few.npy", np.ones((4, 5), np.float32))

    with pytest.raises(InputError, match="expected 7 rows"):
        index_rows(SETTINGS, files_of(finished) | {"predictions": tmp_path / "few.npy"})


def test_an_index_of_the_run_has_the_digest_of_its_word_vectors(finished: Path):
    digest = file_sha256(finished / "nouns/vectors.npy")

    assert read_index(finished / "search/images", digest).description["seed"] == 1


def noun(synset: str, lemmas: str, above: str = "") -> Noun:
    return Noun(synset, tuple(lemmas.split()), tuple(above.split()), None, "")


def test_the_path_goes_up_by_the_first_hypernym():
    nouns = [noun("a", "thing"), noun("b", "sea_boat ship", "a c"), noun("c", "x", "b")]

    labels = noun_labels(nouns)

    assert labels["b"] == {"label": "sea boat", "path": "sea boat < thing"}
    assert labels["c"]["path"] == "x < sea boat < thing"


def test_words_are_those_of_all_lemmas_and_their_parts_in_both_cases():
    words = noun_words([noun("a", "New_York boat"), noun("b", "boat")])

    assert words == sorted(["New_York", "new_york", "New", "new", "York", "york", "boat"])
