from wordbridge.corpus.leaks import audit
from wordbridge.corpus.splits import grouped_split
from wordbridge.corpus.tokenized import TokenizedPair

COUNTS = ["exact", "normalised", "english_only", "french_only", "group"]


def pair(part, group, fr, en):
    return TokenizedPair(group, group, fr, en, [], [], part)


TRAIN = [
    pair("train", "a", "Qui est-ce ?", "Who is it?"),
    pair("train", "b", "Que dit-il ?", "What does he say?"),
]


def row(*others):
    table = audit([*TRAIN, *others])
    return table.loc[0, COUNTS].tolist()


def test_each_kind_of_leak_is_counted_once():
    assert row(pair("test", "c", "Qui est-ce ?", "Who is it?")) == [1, 1, 0, 0, 0]
    assert row(pair("test", "c", "Qui est-ce\u202f?", "WHO is it")) == [0, 1, 0, 0, 0]
    assert row(pair("test", "c", "Qui ?", "Who is it?")) == [0, 0, 1, 0, 0]
    assert row(pair("test", "c", "Qui est-ce ?", "Who?")) == [0, 0, 0, 1, 0]
    assert row(pair("test", "c", "Que dit-il ?", "Who is it?")) == [0, 0, 1, 1, 0]
    assert row(pair("test", "b", "Pourquoi ?", "Why?")) == [0, 0, 0, 0, 1]
    assert row(pair("test", "c", "Qu'est-ce ?", "What is it?")) == [0, 0, 0, 0, 0]


def test_every_two_parts_have_a_row():
    others = [pair("valid", "c", "Qui ?", "Who?"), pair("test", "c", "Qui ?", "Who?")]
    table = audit([*TRAIN, *others, others[1]])
    assert table[["part", "other", "pairs"]].to_numpy().tolist() == [
        ["valid", "train", 1],
        ["test", "train", 2],
        ["test", "valid", 2],
    ]
    assert table["exact"].tolist() == [0, 0, 2]


def test_one_part_alone_has_no_row():
    assert audit(TRAIN).empty


def test_a_grouped_split_has_no_leak():
    texts = [(f"v{n // 4}", f"Qui {n // 2} ?", f"Who {n % 37}?") for n in range(120)]
    texts += [(f"w{n}", f"Que {n} ?", f"What {n}?") for n in range(80)]
    groups, fr, en = zip(*texts, strict=True)
    parts = grouped_split(groups, fr, en, {"train": 0.8, "valid": 0.1, "test": 0.1}, seed=3)
    table = audit([pair(part, *text) for part, text in zip(parts, texts, strict=True)])
    assert len(table) == 3
    assert table[COUNTS].to_numpy().sum() == 0
