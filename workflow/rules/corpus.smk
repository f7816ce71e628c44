# In: resources/files/*.
# Out: <results>/{questions,tokens,split,auxiliary,subwords,vocabulary,ids} and their tables.
# Tables of pairs have the columns of corpus/pairs.py; from tokens on, those of tokenized pairs.


rule text:
    """The corpus: pairs, splits, vocabularies, token ids."""
    input:
        expand("<results>/ids/{language}.npz", language=LANGUAGES),
        expand("<results>/tables/{table}.html", table=["corpus", "leaks"]),


rule pair_sentences:
    """Question pairs from verses, aligned sentence by sentence."""
    input:
        **resource_files(CORPUS if VERSES else {}),
    output:
        pairs=PAIRED,
        report="<results>/questions/sentences.report.tsv",
    log:
        "<logs>/pair_sentences.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings=CORPUS,
    script:
        "../scripts/pair_sentences.py"


rule extract_questions:
    """Pairs that match the lesson's two regular expressions, and counts of the rejected ones."""
    input:
        **({"pairs": PAIRED} if VERSES else resource_files(CORPUS)),
    output:
        pairs="<results>/questions/pairs.tsv",
        report="<results>/questions/report.tsv",
    log:
        "<logs>/extract_questions.log",
    conda:
        "../../envs/text.yaml"
    threads: config["threads"]["questions"]
    params:
        settings={
            "corpus": {"kind": "pairs"} if VERSES else CORPUS,
            "questions": config["questions"],
        },
    script:
        "../scripts/extract_questions.py"


rule tokenize_questions:
    """The pairs as tokens, without pairs that are too long, and the tokenizer of each language."""
    input:
        pairs="<results>/questions/pairs.tsv",
    output:
        pairs="<results>/tokens/pairs.tsv",
        report="<results>/tokens/report.tsv",
        # For translations of new texts.
        fr="<results>/tokens/fr.tokenizer",
        en="<results>/tokens/en.tokenizer",
    log:
        "<logs>/tokenize_questions.log",
    conda:
        "../../envs/text.yaml"
    threads: config["threads"]["tokens"]
    params:
        settings={key: config["tokens"][key] for key in ("max_en_tokens", "rules")},
    script:
        "../scripts/tokenize_questions.py"


rule split_pairs:
    """The pairs with the split of each."""
    input:
        pairs="<results>/tokens/pairs.tsv",
    output:
        pairs="<results>/split/pairs.tsv",
    log:
        "<logs>/split_pairs.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings=config["split"],
    script:
        "../scripts/split_pairs.py"


rule add_auxiliary:
    """The pairs with their splits, followed by auxiliary pairs from the same verses."""
    input:
        **resource_files(CORPUS if VERSES else {}),
        pairs="<results>/split/pairs.tsv",
    output:
        pairs="<results>/auxiliary/pairs.tsv",
        clauses="<results>/auxiliary/auxiliary_clauses.report.tsv",
        tokens="<results>/auxiliary/auxiliary_tokens.report.tsv",
        report="<results>/auxiliary/auxiliary.report.tsv",
    log:
        "<logs>/add_auxiliary.log",
    conda:
        "../../envs/text.yaml"
    threads: config["threads"]["tokens"]
    params:
        settings={
            "auxiliary": config["auxiliary"],
            "corpus": CORPUS,
            "max_en_tokens": config["tokens"]["max_en_tokens"],
            "rules": config["tokens"]["rules"],
        },
    script:
        "../scripts/add_auxiliary.py"


rule segment_subwords:
    """The pairs with SentencePiece pieces as tokens, and the model of each language."""
    input:
        pairs=SPLIT_PAIRS,
    output:
        fr="<results>/subwords/fr.model",
        en="<results>/subwords/en.model",
        pairs="<results>/subwords/pairs.tsv",
    log:
        "<logs>/segment_subwords.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings=config["tokens"]["pieces"],
    script:
        "../scripts/segment_subwords.py"


rule build_vocab:
    """One language's vocabulary: the special tokens, then words in descending order of frequency."""
    input:
        pairs=TOKENS,
    output:
        vocabulary="<results>/vocabulary/{language}.tsv",
    log:
        "<logs>/build_vocab/{language}.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings=config["vocabulary"],
    script:
        "../scripts/build_vocab.py"


rule numericalize:
    """One language's texts as token ids, truncated at a percentile of their lengths."""
    input:
        pairs=TOKENS,
        vocabulary="<results>/vocabulary/{language}.tsv",
    output:
        ids="<results>/ids/{language}.npz",
    log:
        "<logs>/numericalize/{language}.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings=config["lengths"],
    script:
        "../scripts/numericalize.py"


rule describe_corpus:
    """Tables about the corpus: lengths, rejected pairs, leaks between the splits."""
    input:
        pairs=TOKENS,
        reports=["<results>/questions/sentences.report.tsv"] * VERSES
        + ["<results>/questions/report.tsv", "<results>/tokens/report.tsv"]
        + [rules.add_auxiliary.output[step] for step in ("clauses", "tokens", "report")]
        * config["auxiliary"]["use"],
    output:
        lengths=table("tables/corpus", "corpus", "Corpus", "Lengths of questions"),
        rejected=table("tables/corpus_pairs", "corpus", "Corpus", "Pairs per step"),
        leaks=table("tables/leaks", "leaks", "Corpus", "Overlap of the splits"),
    log:
        "<logs>/describe_corpus.log",
    conda:
        "../../envs/text.yaml"
    script:
        "../scripts/describe_corpus.py"
