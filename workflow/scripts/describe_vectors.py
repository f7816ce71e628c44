"""A table of what the vectors of both languages are like as they come."""

from wordbridge.corpus.special_tokens import SPECIALS
from wordbridge.corpus.vocabulary import read_vocabulary
from wordbridge.job import start_job
from wordbridge.report.corpus import (
    CAPTION_VECTOR_TABLE as CAPTION,
)
from wordbridge.report.corpus import (
    COLUMNS_VECTOR_TABLE as COLUMNS,
)
from wordbridge.report.corpus import (
    PAIRS,
    describe_vectors,
    tabulate_vectors,
)
from wordbridge.report.tables import write_table
from wordbridge.vectors.readers import configured_vectors

start_job(snakemake)

NAMES = {"fr": "French", "en": "English"}

settings = snakemake.params.settings
described = {}
for (language, block), vocabulary in zip(
    settings["vectors"].items(), snakemake.input.vocabularies, strict=True
):
    start = f"{language}_"
    named = {name: path for name, path in snakemake.input.items() if name.startswith(start)}
    files = {name.removeprefix(start): path for name, path in named.items()}
    words = read_vocabulary(vocabulary).words[len(SPECIALS) :]
    figures = describe_vectors(
        configured_vectors(block, files), words, PAIRS if language == "en" else ()
    )
    described[NAMES[language]] = (block["kind"], figures)
table = tabulate_vectors(described, settings["published"])
write_table(table, snakemake.output[0].removesuffix(".tsv"), CAPTION, COLUMNS, group=True)
