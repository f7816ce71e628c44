"""The experiments in configs/: that each one, on top of the default, runs what its header lists."""

import io
import re
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from snakemake.utils import update_config

from tests.planned import Planner
from wordbridge.images.listing import list_images
from wordbridge.images.split import split_images
from wordbridge.nouns.table import Noun
from wordbridge.report.page import topic_of
from wordbridge.translation.settings import settings_from
from workflow.config import SCHEMA, load
from workflow.relations import check_relations

ROOT = Path(__file__).resolve().parents[1]
EXPERIMENTS = [
    "config.yaml",
    *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "configs").rglob("*.yaml")),
    "tests/mini/config.yaml",
]

MODEL = {
    "cell": "gru",
    "layers": 2,
    "hidden": 256,
    "bidirectional": "none",
    "attention": False,
    "attention_activation": "tanh",
    "initial_state": "last",
    "output_weights": "copied",
    "deep_output": False,
    "embedding_scale": 1,
    "freeze_embeddings": False,
    "scale_logits": False,
    "mask_padding": False,
    "stop_at_eos": False,
    "source_dropout": 0.15,
    "encoder_dropout": 0.25,
    "bridge_dropout": 0,
    "decoder_dropout": 0.1,
    "output_dropout": 0.35,
    "target_dropout": 0,
    "word_dropout": 0,
    "weight_dropout": 0,
    "variational_dropout": False,
}
FORCING = {"schedule": "none", "epochs": 10, "hold_epochs": 0, "rate": 1, "sampling_unit": "batch"}
SCHEDULE = {
    "kind": "triangular",
    "divisor": 20,
    "cut": 10,
    "momentum_high": None,
    "momentum_low": None,
}
TRAINING = {
    "epochs": 12,
    "learning_rate": 3e-3,
    "batch_size": 125,
    "betas": [0.8, 0.99],
    "weight_decay": 0,
    "clip_norm": None,
    "label_smoothing": 0,
    "ema_decay": 0,
    "activation_regularisation": 0,
    "temporal_regularisation": 0,
    "count_padding": True,
    "keep_epoch": "last",
    "patience": None,
    "precision": "float32",
    "auxiliary_pairs": 0,
    "auxiliary_epochs": 0,
}
HEAD = {
    "kind": "head",
    "head": {"hidden": [1024], "dropouts": [0.2, 0.2], "batch_norm": True},
    "schedule": SCHEDULE,
    "training": {
        "epochs": 40,
        "learning_rate": 1e-2,
        "batch_size": 256,
        "betas": [0.9, 0.99],
        "weight_decay": 1e-7,
        "freeze_batch_norm_after": 20,
        "keep_epoch": "last",
        "patience": None,
    },
}
# Of no effect with the triangular schedule, or on the result at all.
NO_NUMBERS_OF_THE_LESSON = {
    "schedule": {"final_percent", "warmup"},
    "training": {"checkpoint_seconds"},
}


def block(model: dict[str, Any], *, forced: bool, **training: float) -> dict[str, Any]:
    """Return a variant of the lesson by what differs from its baseline."""
    return {
        "direction": "fr-en",
        "tag_versions": False,
        "model": MODEL | model,
        "forcing": FORCING | {"schedule": "linear" if forced else "none"},
        "schedule": SCHEDULE,
        "training": TRAINING | training,
    }


LONGER = {"epochs": 15, "learning_rate": 2e-3}
BOTH_WAYS = {"bidirectional": "all"}
LESSON = {
    "baseline": block({}, forced=False),
    "bidirectional": block(BOTH_WAYS | {"bridge_dropout": 0.05}, forced=False),
    "forcing": block({}, forced=True),
    "attention": block({"attention": True}, forced=True, **LONGER),
    "all": block(BOTH_WAYS | {"bridge_dropout": 0.25, "attention": True}, forced=True, **LONGER),
}


def read(name: str) -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    return values


def merged(*names: str) -> dict[str, Any]:
    """Return the default with other files on top."""
    config = read("config.yaml")
    for name in names:
        update_config(config, read(name))
    return config


def resolved(name: str) -> dict[str, Any]:
    """Return the checked configuration of an experiment, as the Snakefile gets it."""
    corrected = ["configs/faults/corrected.yaml"] * (name.count("/") == 2 and "mini" not in name)
    return load(merged(*corrected, name), SCHEMA)


def without(variant: Mapping[str, Any], left_out: Mapping[str, set[str]]) -> dict[str, Any]:
    return {
        name: {key: item for key, item in value.items() if key not in left_out.get(name, ())}
        if isinstance(value, dict)
        else value
        for name, value in variant.items()
    }


def keys(node: Any, path: str = "") -> Iterator[str]:
    """Yield the dotted path of every value below ``node``."""
    if not isinstance(node, dict):
        yield path
        return
    for key, value in node.items():
        yield from keys(value, f"{path}.{key}")


@pytest.fixture(scope="module")
def lesson() -> dict[str, Any]:
    return resolved("configs/lesson.yaml")


@pytest.fixture
def planned(tmp_path: Path) -> Callable[..., list[str]]:
    """Return the outputs of the jobs of an experiment in a folder with some empty files."""

    def plan(name: str, target: str = "all", present: Sequence[str] = ()) -> list[str]:
        for path in present:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).touch()
        jobs = Planner(tmp_path, [target]).plan(merged(name)).jobs
        return [output for outputs in jobs for output in outputs]

    return plan


def groups(outputs: list[str], pattern: str) -> set[tuple[str, ...]]:
    """Return the groups of ``pattern`` in the outputs that match it."""
    return {match.groups() for match in map(re.compile(pattern).search, outputs) if match}


@pytest.mark.parametrize("variant", LESSON)
def test_a_variant_of_the_lesson_has_exactly_the_lessons_numbers(
    lesson: dict[str, Any], variant: str
):
    assert without(lesson["variants"][variant], NO_NUMBERS_OF_THE_LESSON) == LESSON[variant]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("corpus", "giga_fren"),
        (
            "questions",
            {
                "en_pattern": r"^(Wh[^?.!]+\?)",
                "fr_pattern": r"^([^?.!]+\?)",
                "max_characters": None,
            },
        ),
        ("vocabulary", {"size": 40000, "min_count": 1, "from_split": "all"}),
        (
            "lengths",
            {"en_percentile": 99, "fr_percentile": 97, "from_split": "all", "keep_eos": False},
        ),
        (
            "embeddings",
            {
                "fr": "wiki_fr",
                "en": "wiki_en",
                "scale": 3.0,
                "fallbacks": [],
                "seed": 0,
                "compare": None,
            },
        ),
        ("pathvars", {"results": "results/lesson", "logs": "logs/lesson"}),
    ],
)
def test_the_other_settings_are_those_of_the_lesson_too(
    lesson: dict[str, Any], part: str, expected: object
):
    assert lesson[part] == expected


def test_the_lesson_trains_its_variants_once_and_looks_at_no_images(lesson: dict[str, Any]):
    run = lesson["run"]
    assert (run["variants"], run["seeds"]) == (list(LESSON), [1])
    assert (run["images"], run["unlabelled_sets"]) == ([], [])


def test_the_lesson_keeps_white_space_and_curly_quotes_and_follows_all_other_rules(
    lesson: dict[str, Any],
):
    tokens = lesson["tokens"]
    assert (tokens["tokenizer"], tokens["max_en_tokens"]) == ("spacy", 29)
    assert {name for name, on in tokens["rules"].items() if not on} == {"punctuation"}


def test_the_lesson_draws_pairs_one_by_one_and_scores_what_it_validates_with(
    lesson: dict[str, Any],
):
    split, scores, decoding = lesson["split"], lesson["scores"], lesson["decoding"]
    assert (split["method"], split["seed"], split["valid"]) == ("lesson", 42, 0.1)
    assert (scores["split"], scores["published"]) == ("valid", True)
    assert (decoding["beam"], decoding["max_steps"], decoding["no_repeat_ngram_size"]) == (1, 29, 0)
    assert not decoding["replace_unknown"]


def test_no_default_of_the_variants_reaches_the_lesson():
    ours, lessons = (read(n)["variant_defaults"] for n in ("config.yaml", "configs/lesson.yaml"))
    assert set(keys(ours)) <= set(keys(lessons))


@pytest.mark.parametrize("part", ["decoding", "embeddings", "vocabulary", "lengths"])
def test_the_lesson_writes_out_every_number_of_the_text_and_its_translations(part: str):
    assert read("configs/lesson.yaml")[part].keys() == resolved("configs/lesson.yaml")[part].keys()


def test_the_lesson_runs_no_job_of_the_default(planned: Callable[..., list[str]]):
    plan = planned("configs/lesson.yaml")
    fetched = {"giga_fren_fr", "giga_fren_en", "wiki_fr_bin", "wiki_en_bin"}
    assert groups(plan, r"resources/files/(\w+)") == {(name,) for name in fetched}
    models = groups(plan, r"results/lesson/translators/([^/]+)/(\d+)/model")
    assert models == {(variant, "1") for variant in LESSON}
    assert groups(plan, r"(results)/(?!lesson/)") == set()
    assert groups(plan, r"(sentences\.tsv|auxiliary|learning_rate_)") == set()


def test_the_head_on_imagenet_is_the_lessons():
    config = resolved("configs/imagenet.yaml")
    method = config["methods"]["lesson_head"]
    assert (method["loss"]["kind"], method["classifier"]["use"]) == ("cosine", False)
    kept = {name: method[name] for name in HEAD}
    assert without(kept, NO_NUMBERS_OF_THE_LESSON) == HEAD
    nouns, features = config["nouns"], config["features"]
    assert (nouns["lemmas"], nouns["multiword"], nouns["lower_case"]) == ("first", "skip", True)
    assert nouns["frequent_words"] == 1_000_000
    assert (features["backbone"], features["pooling"]) == ("resnet50", "concatenated")
    assert features["short_side"] == 224


def test_heads_with_and_without_the_classifier_differ_in_its_use_alone():
    methods = resolved("config.yaml")["methods"]
    alone, head = (dict(methods[name]) for name in ("head_alone", "head"))
    assert (alone.pop("classifier")["use"], head.pop("classifier")["use"]) == (False, True)
    assert alone == head


def test_photographs_of_the_user_are_added_to_the_default_sets():
    config = resolved("configs/photos.yaml")
    default = resolved("config.yaml")
    assert config["run"]["images"] == [*default["run"]["images"], "photos"]


def test_imagenet_needs_only_its_folder_and_the_files_of_the_lesson(
    planned: Callable[..., list[str]],
):
    images = [f"data/imagenet/{part}/n01440764/{part}.JPEG" for part in ("train", "val")]
    plan = planned("configs/imagenet.yaml", "images", images)
    fetched = {"wordnet_nouns", "imagenet_synsets", "wiki_en_bin", "resnet50"}
    assert groups(plan, r"resources/files/(\w+)") == {(name,) for name in fetched}
    methods = groups(plan, r"results/imagenet/devise_scores/(\w+)/1\.json")
    names = ("lesson_head", "head", "softmax", "ridge", "class_mean", "conse", "random")
    assert methods == {(name,) for name in names}
    assert groups(plan, r"(results)/(?!imagenet/)") == set()


def test_imagenette_needs_its_archive_and_the_files_of_the_default(
    planned: Callable[..., list[str]],
):
    plan = planned("configs/imagenette.yaml", "images")
    fetched = {"imagenette", "wordnet_nouns", "imagenet_synsets", "glove_matrix", "glove_words"}
    fetched |= {"efficientnet_lite0", "en_web_vectors", "en_web_keys", "en_web_strings"}
    assert groups(plan, r"resources/files/(\w+)") == {(name,) for name in fetched}
    methods = groups(plan, r"results/imagenette/devise_scores/(\w+)/1\.json")
    assert {("lesson_head",), ("head",), ("softmax",)} <= methods
    assert groups(plan, r"(results)/(?!imagenette/)") == set()


CLASSES = ["n01440764", "n02102040", "n02979186", "n03000684", "n03028079"]
CLASSES += ["n03394916", "n03417042", "n03425413", "n03445777", "n03888257"]


def test_an_archive_of_imagenettes_layout_has_labels_and_splits(tmp_path: Path):
    config = resolved("configs/imagenette.yaml")
    names = [
        f"imagenette2-320/{folder}/{synset}/{name}_{synset}_{number}.JPEG"
        for folder, name in (("train", "ILSVRC2012"), ("val", "ILSVRC2012_val"))
        for synset in CLASSES
        for number in range(20)
    ]
    with tarfile.open(tmp_path / "imagenette", "w:gz") as archive:
        for name in [*names, "imagenette2-320/noisy_imagenette.csv", "imagenette2-320/.DS_Store"]:
            info = tarfile.TarInfo(name)
            info.size = len(name)
            archive.addfile(info, io.BytesIO(name.encode()))
    nouns = [Noun(synset, (synset,), (), number, "") for number, synset in enumerate(CLASSES)]
    images, left_out, labels = list_images(
        "imagenette",
        config["image_sets"]["imagenette"],
        {"archive": str(tmp_path / "imagenette")},
        nouns,
        tmp_path / "listed.zip",
    )
    assert [image.image for image in images] == sorted(names)
    assert [item.image for item in left_out] == [
        "imagenette2-320/.DS_Store",
        "imagenette2-320/noisy_imagenette.csv",
    ]
    assert labels == []
    rows, _ = split_images(images, nouns, config["image_split"])
    counts = Counter((row.image.split("/")[1], row.split) for row in rows)
    assert counts == {("train", "train"): 180, ("train", "valid"): 20, ("val", "test"): 200}


def test_no_image_of_imagenets_valid_folder_chooses_anything():
    split = resolved("configs/imagenet.yaml")["image_split"]
    assert (split["test_sets"], split["unseen"], split["test"]) == (["imagenet"], 0, 0)
    assert 0 < split["valid"] <= 0.01


def test_files_of_the_user_need_nothing_of_the_default(planned: Callable[..., list[str]]):
    plan = planned("configs/files.yaml")
    assert groups(plan, r"resources/files/(\w+)") == {("my_french",), ("my_english",)}
    assert groups(plan, r"results/mine/vectors/own\.(\w+)\.bin") == {("fr",), ("en",)}
    assert groups(plan, r"(results)/(?!mine/)") == set()


def test_the_variants_of_the_factorial_experiment_differ_in_three_ideas_only():
    config = resolved("configs/factorial.yaml")
    variants = [config["variants"][name] for name in config["scores"]["factorial"]]
    ideas = {
        (v["model"].pop("bidirectional"), v["model"].pop("attention"), v["forcing"].pop("schedule"))
        for v in variants
    }
    assert ideas == set(product(("none", "all"), (False, True), ("none", "linear")))
    assert len(variants) == len(ideas)
    assert all(variant == variants[0] for variant in variants)
    training, forcing = variants[0]["training"], variants[0]["forcing"]
    assert forcing["epochs"] < training["epochs"]  # the last epoch is free running


def changes(one: Any, other: Any, path: str = "") -> dict[str, Any]:
    """Return the keys of ``one`` with other values than in ``other``, with their values."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return {} if one == other else {path: one}
    keys = {**one, **other}
    parts = (changes(one.get(k), other.get(k), f"{path}.{k}".strip(".")) for k in keys)
    return {key: value for part in parts for key, value in part.items()}


@pytest.mark.parametrize(
    ("fault", "change"),
    [
        ("vocabulary", {"vocabulary.from_split": "all"}),
        ("split", {"split.method": "random"}),
        ("scale", {"embeddings.scale": 3.0}),
        ("quotes", {"tokens.rules.punctuation": False}),
        ("eos", {"lengths.keep_eos": False}),
    ],
)
def test_each_fault_of_the_corpus_is_a_single_change(fault: str, change: dict[str, Any]):
    one, corrected = (resolved(f"configs/faults/{name}.yaml") for name in (fault, "corrected"))
    assert one.pop("pathvars") != corrected.pop("pathvars")
    assert changes(one, corrected) == change
    lesson = resolved("configs/lesson.yaml")
    if fault != "split":  # the lesson's has no test split
        assert changes(lesson, corrected).items() >= change.items()


def test_experiments_with_other_vectors_differ_in_nothing_else():
    corrected = resolved("configs/faults/corrected.yaml")
    for kind in ("trained", "random"):
        other = resolved(f"configs/vectors/{kind}.yaml") | {"pathvars": corrected["pathvars"]}
        assert changes(other, corrected) == {"embeddings.fr": kind, "embeddings.en": kind}
    frozen = resolved("configs/vectors/pretrained.yaml")["variants"]["frozen"]
    assert changes(frozen, corrected["variants"]["corrected"]) == {
        "model.freeze_embeddings": True, "model.output_weights": "copied"
    }  # fmt: skip


def test_each_fault_of_the_model_is_a_single_change_to_the_lessons_value():
    config, lesson = resolved("configs/faults/model.yaml"), resolved("configs/lesson.yaml")
    variants = {name: config["variants"][name] for name in config["run"]["variants"]}
    corrected, attention = variants.pop("corrected"), lesson["variants"]["attention"]
    single = [changes(variant, corrected) for variant in variants.values()]
    assert all(len(change) == 1 for change in single)
    as_in_lesson = changes(attention, corrected)
    assert all(change.items() <= as_in_lesson.items() for change in single)


def test_the_full_experiment_is_the_default_with_five_seeds():
    full, default = resolved("configs/full.yaml"), resolved("config.yaml")
    assert full["run"].pop("seeds") == [1, 2, 3, 4, 5]
    assert full.pop("pathvars") != default.pop("pathvars")
    default["run"].pop("seeds")
    assert full == default


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_keys_of_every_experiment_go_together(name: str):
    config = resolved(name)
    check_relations(config)
    for variant in config["variants"].values():
        del variant["training"]["checkpoint_seconds"]  # not a setting of the result
        assert settings_from(variant).forcing.hold_epochs < variant["forcing"]["epochs"]


@pytest.mark.parametrize(
    "experiment", ["config.yaml", "configs/photos.yaml", "configs/lesson.yaml"]
)
def test_the_page_has_a_topic_for_every_table_and_figure(experiment: str, tmp_path: Path):
    config = merged(experiment)
    if "photos" in experiment:
        config["image_sets"]["photos"]["labels"] = "folders"
    (job,) = (j for j in Planner(tmp_path).plan(config).jobs.values() if j.rule == "build_page")
    for path in map(Path, job.inputs):
        kind = "figures" if path.suffix == ".png" else "tables"
        assert topic_of(path, kind).title != "More", path


FIVE, SEEDS = ["baseline", "bidirectional", "forcing", "attention", "all"], range(1, 6)
IDEAS = ["plain", "bidir", "attn", "force", "bidir-attn", "bidir-force", "attn-force"]
IDEAS += ["bidir-attn-force", "small-transformer"]
FAULTS = ["corrected", "padding_in_loss", "attention_to_padding", "untied_output"]
FAULTS += ["draws_per_batch", "early_descent"]


@pytest.mark.parametrize(
    ("files", "target", "variants", "seeds", "heads", "jobs"),
    [
        ([], "all", FIVE, [1], 6, 145),
        (["full"], "all", FIVE, [*SEEDS], 30, 321),
        ([], "images", [], [1], 6, 94),
        (["photos"], "images", [], [1], 6, 98),
        (["imagenette"], "images", [], [1], 4, 65),
        (["factorial"], "translation", IDEAS, [1, 2, 3], 0, 137),
        (["lesson"], "all", FIVE, [1], 0, 49),
        (["lesson", "lesson_on_verses"], "translation", FIVE, [1], 0, 51),
        (["faults/corrected", "faults/vocabulary"], "translation", ["corrected"], [1, 2], 0, 36),
        (["faults/corrected", "faults/model"], "translation", FAULTS, [1, 2], 0, 77),
        (["faults/corrected", "vectors/trained"], "translation", ["corrected"], [1, 2], 0, 32),
        (
            ["faults/corrected", "vectors/pretrained"],
            "translation", ["corrected", "frozen"], [1, 2], 0, 45,
        ),
    ],
)  # fmt: skip
def test_a_command_of_make_plans_exactly_these_jobs(
    files: list[str],
    target: str,
    variants: list[str],
    seeds: list[int],
    heads: int,
    jobs: int,
    tmp_path: Path,
):
    config = merged(*(f"configs/{file}.yaml" for file in files))
    for folder in config.get("scores", {}).get("experiments", {}).values():
        for file in ("split/pairs.tsv", "scores/corrected/1.tsv", "scores/corrected/2.tsv"):
            (tmp_path / folder / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / folder / file).touch()
    plan = Planner(tmp_path, [target]).plan(config).jobs.values()
    trained = {tuple(job.wildcards.values()) for job in plan if job.rule == "train_translator"}
    assert trained == {(variant, str(seed)) for variant, seed in product(variants, seeds)}
    assert sum(job.rule == "train_head" for job in plan) == heads
    assert len(plan) == jobs


def test_no_two_experiments_write_to_the_same_folder():
    names = [name for name in EXPERIMENTS if not name.startswith("tests/")]
    folders = [folder for name in names for folder in read(name)["pathvars"].values()]
    assert len(folders) == len(set(folders)) == 2 * len(names)


def test_the_lesson_on_verses_changes_what_is_learned_from_and_nothing_of_the_learning():
    loaded = load(merged("configs/lesson.yaml", "configs/lesson_on_verses.yaml"), SCHEMA)
    lesson, default = resolved("configs/lesson.yaml"), resolved("config.yaml")
    for key in ("variants", "decoding", "vocabulary", "lengths", "questions", "tokens"):
        assert loaded[key] == lesson[key]
    assert (loaded["corpus"], loaded["split"]) == (default["corpus"], default["split"])
    assert loaded["corpora"]["bible"] == default["corpora"]["bible"]
    # The lesson's factor brings its own vectors near 1; these are larger to begin with.
    assert (lesson["embeddings"]["scale"], loaded["embeddings"]["scale"]) == (3.0, "unit")
    check_relations(loaded)
