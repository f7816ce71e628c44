# In: <results>/ids, <results>/embeddings.
# Out: <results>/{translators,translations,scores,attention} by variant and seed, tables and figures
# over all of them, <results>/timings for what differs from run to run, and <results>/range_test.
# The state of an unfinished training is in resources/state and no declared output, because
# Snakemake deletes the outputs of a failed job.


rule translation:
    """All tables and figures of the translators."""
    input:
        TABLES,
        FIGURES,
        "<results>/timings/times.html",
        "<results>/config.json",


rule train_translator:
    """The weights of one variant trained with one seed, and its losses per epoch."""
    input:
        **IDS,
        **EMBEDDINGS,
    output:
        model="<results>/translators/{variant}/{seed}/model.safetensors",
        settings="<results>/translators/{variant}/{seed}/settings.json",
        metrics="<results>/translators/{variant}/{seed}/metrics.tsv",
        times="<results>/timings/training/{variant}/{seed}.json",
    log:
        "<logs>/train_translator/{variant}/{seed}.log",
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]["training"]
    resources:
        runtime=720,
        gpu=GPUS,
    params:
        settings=lambda wildcards: training_settings(config["variants"][wildcards.variant]),
        # A function of threads, so that a change reruns nothing (see sources.smk).
        checkpoint_seconds=lambda wildcards, threads: (
            config["variants"][wildcards.variant]["training"]["checkpoint_seconds"]
        ),
    script:
        "../scripts/train_translator.py"


rule find_learning_rate:
    """The learning-rate range test of one variant: losses and suggestion."""
    input:
        **IDS,
        **EMBEDDINGS,
    output:
        "<results>/range_test/{variant}.tsv",
    log:
        "<logs>/find_learning_rate/{variant}.log",
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]["training"]
    resources:
        runtime=120,
        gpu=GPUS,
    params:
        settings=lambda wildcards: range_test_settings(
            config["variants"][wildcards.variant], "lowest", "highest"
        ),
    script:
        "../scripts/find_learning_rate.py"


rule plot_range_test:
    """The figure of one learning-rate range test, of a variant or of a head."""
    input:
        lambda wildcards: (
            "<results>/range_test/heads/{name}.tsv"
            if wildcards.kind == "head_learning"
            else "<results>/range_test/{name}.tsv"
        ),
    output:
        result("figures/{kind}_rate_{name}.png", "range_test", "Range tests", "{name}"),
    log:
        "<logs>/plot_range_test/{kind}_rate_{name}.log",
    wildcard_constraints:
        kind="learning|head_learning",
        name=".+",
    conda:
        "../../envs/text.yaml"
    script:
        "../scripts/plot_range_test.py"


rule translate_questions:
    """Translations of the split that is scored, once per distinct source text."""
    input:
        **TRANSLATOR,
        pairs=TOKENS,
        fr_vocabulary="<results>/vocabulary/fr.tsv",
        en_vocabulary="<results>/vocabulary/en.tsv",
    output:
        translations="<results>/translations/{variant}/{seed}.tsv",
        attention="<results>/translations/{variant}/{seed}.attention.npz",
        times="<results>/timings/decoding/{variant}/{seed}.json",
    log:
        "<logs>/translate_questions/{variant}/{seed}.log",
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]["decoding"]
    resources:
        runtime=120,
        gpu=GPUS,
    params:
        settings={
            "decoding": config["decoding"],
            "split": config["scores"]["split"],
            "tokenizer": config["tokens"]["tokenizer"],
            **INFERENCE,
        },
    script:
        "../scripts/translate_questions.py"


rule record_config:
    """The settings of the run that the command line needs for new texts and images."""
    input:
        weights=[BACKBONE_WEIGHTS] if LABELLED_SETS else [],
    output:
        "<results>/config.json",
    log:
        "<logs>/record_config.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings={
            "decoding": config["decoding"],
            "rules": config["tokens"]["rules"],
            "tokenizer": config["tokens"]["tokenizer"],
            **RUNS,
            "features": {
                key: config["features"][key]
                for key in ("backbone", "short_side", "pooling", "precision")
            },
        },
    script:
        "../scripts/record_config.py"


rule score_translations:
    """All scores of one variant and seed."""
    input:
        **IDS,
        **TRANSLATOR,
        pairs=TOKENS if PIECES else "<results>/split/pairs.tsv",
        translations="<results>/translations/{variant}/{seed}.tsv",
    output:
        scores="<results>/scores/{variant}/{seed}.json",
        sentences="<results>/scores/{variant}/{seed}.tsv",
    log:
        "<logs>/score_translations/{variant}/{seed}.log",
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]["decoding"]
    resources:
        gpu=GPUS,
    params:
        settings={
            "split": config["scores"]["split"],
            "tokenizer": config["tokens"]["tokenizer"],
            "lowercase": LOWERCASE,
            **INFERENCE,
        },
    script:
        "../scripts/score_translations.py"


rule tabulate_scores:
    """The table and the figure of scores: one row or bar per variant, over all seeds."""
    input:
        scores=SCORES,
        sentences=SENTENCE_SCORES,
    output:
        tables=table("tables/scores", "scores", "Translation", "Scores"),
        figure=result("figures/scores.png", "scores", "Translation", "Scores"),
    log:
        "<logs>/tabulate_scores.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings={key: config["scores"][key] for key in ("baseline", "split", "published")},
        order=RUNS,
    script:
        "../scripts/tabulate_scores.py"


rule tabulate_factorial:
    """The table and the figure of the effects of three ideas, alone and together."""
    input:
        sentences=run_files("scores/{variant}/{seed}.tsv", variants=FACTORIAL),
        ids="<results>/ids/fr.npz",
    output:
        tables=table("tables/factorial", "factorial", "Translation", "Effects"),
        figure=result("figures/factorial.png", "factorial", "Translation", "Effects"),
    log:
        "<logs>/tabulate_factorial.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings={
            "levels": {name: LEVELS[name] for name in FACTORIAL},
            "schedules": {name: schedule_of(name) for name in FACTORIAL[:1]},
            "seeds": SEEDS,
            "split": config["scores"]["split"],
            "stops_early": stops_early(FACTORIAL),
        },
        order=FACTORIAL,
    script:
        "../scripts/tabulate_factorial.py"


rule tabulate_ablations:
    """The table and the figure of single changes to a translator, of several experiments."""
    input:
        unpack(experiment_files),
        sentences=SENTENCE_SCORES,
        ids="<results>/ids/fr.npz",
    output:
        tables=table("tables/ablations", "ablations", "Translation", "Ablations"),
        figure=result("figures/ablations.png", "ablations", "Translation", "Ablations"),
    log:
        "<logs>/tabulate_ablations.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings={
            "baseline": BASELINE,
            "schedules": {BASELINE: schedule_of(BASELINE)},
            "source": SOURCE,
            "split": config["scores"]["split"],
            "stops_early": stops_early([BASELINE]),
        },
        order={**RUNS, "experiments": list(EXPERIMENTS)},
    script:
        "../scripts/tabulate_ablations.py"


rule tabulate_difficulty:
    """Tables and figures of the scores by the length of the source, and by its rarest word."""
    input:
        sentences=SENTENCE_SCORES,
        pairs=SPLIT_PAIRS,  # words, also where models read pieces of them
    output:
        lengths=table("tables/lengths", "lengths", "Translation", "Scores by length"),
        lengths_figure=result("figures/lengths.png", "lengths", "Translation", "Scores by length"),
        rarest=table("tables/rarest_words", "rarest_words", "Translation", "Scores by rarest word"),
        rarest_figure=result(
            "figures/rarest_words.png", "rarest_words", "Translation", "Scores by rarest word"
        ),
    log:
        "<logs>/tabulate_difficulty.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings={"split": config["scores"]["split"], "source": SOURCE},
        order=RUNS,
    script:
        "../scripts/tabulate_difficulty.py"


rule tabulate_adequacy:
    """The table of what translations keep: question word, question mark, names."""
    input:
        translations=run_files("translations/{variant}/{seed}.tsv"),
        groups=SENTENCE_SCORES[0],
    output:
        table("tables/adequacy", "adequacy", "Translation", "What translations keep"),
    log:
        "<logs>/tabulate_adequacy.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings={
            "split": config["scores"]["split"],
            "target": TARGET,
            "lowercase": config["tokens"]["rules"]["lower_case"],
        },
        order=RUNS,
    script:
        "../scripts/tabulate_adequacy.py"


rule tabulate_scorecard:
    """The scorecard: the lesson's claims, what this run measures, and the verdicts."""
    input:
        sentences=SENTENCE_SCORES,
        scores=SCORES if config["scores"]["published"] else [],
        devise=DEVISE_SCORES if LABELLED_SETS else [],
    output:
        table("tables/scorecard", "scorecard", "Summary", "Claims of the lesson"),
    log:
        "<logs>/tabulate_scorecard.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings={
            "corpus": config["corpus"],
            "results": config["pathvars"]["results"],
            "levels": LEVELS,
            "factorial": {name: LEVELS[name] for name in FACTORIAL},
        },
        order={**RUNS, "factorial": FACTORIAL, "methods": METHODS},
    script:
        "../scripts/tabulate_scorecard.py"


rule tabulate_times:
    """The table of times and throughputs, which no other result depends on."""
    input:
        training=run_files("timings/training/{variant}/{seed}.json"),
        decoding=run_files("timings/decoding/{variant}/{seed}.json"),
    output:
        table("timings/times", "times", "Translation", "Times"),
    log:
        "<logs>/tabulate_times.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings={"published": config["scores"]["published"]},
        order=RUNS,
    script:
        "../scripts/tabulate_times.py"


rule tabulate_samples:
    """The table of sample translations: source, reference, and the translation of each variant."""
    input:
        translations=run_files("translations/{variant}/{seed}.tsv", seeds=SEEDS[:1]),
    output:
        table("tables/samples", "samples", "Translation", "Sample translations"),
    log:
        "<logs>/tabulate_samples.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings={
            "count": config["samples"]["count"],
            "split": config["scores"]["split"],
            "variants": VARIANTS,
        },
    script:
        "../scripts/tabulate_samples.py"


rule tabulate_training:
    """Tables and figures of the trainings: losses, exposure bias, learning rate per step."""
    input:
        metrics=run_files("translators/{variant}/{seed}/metrics.tsv"),
        ids="<results>/ids/fr.npz",
    output:
        tables=table("tables/training", "training", "Translation", "Losses"),
        losses=result("figures/losses.png", "training", "Translation", "Losses"),
        exposure=table("tables/exposure_bias", "exposure_bias", "Translation", "Exposure bias"),
        exposure_figure=result(
            "figures/exposure_bias.png", "exposure_bias", "Translation", "Exposure bias"
        ),
        schedule=result("figures/schedule.png", "training", "Translation", "Learning rate"),
    log:
        "<logs>/tabulate_training.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings={
            "published": config["scores"]["published"],
            "schedules": {name: schedule_of(name) for name in VARIANTS},
        },
        order=RUNS,
    script:
        "../scripts/tabulate_training.py"


rule measure_attention:
    """Statistics of the attention of one variant and seed at the words of the references."""
    input:
        **IDS,
        **TRANSLATOR,
    output:
        "<results>/attention/{variant}/{seed}.json",
    log:
        "<logs>/measure_attention/{variant}/{seed}.log",
    wildcard_constraints:
        variant=any_of(WITH_ATTENTION),
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]["decoding"]
    resources:
        gpu=GPUS,
    params:
        settings={"split": config["scores"]["split"], **INFERENCE},
    script:
        "../scripts/measure_attention.py"


rule tabulate_attention:
    """The table and the figure of the attention's statistics: one row or bar per variant."""
    input:
        records=run_files("attention/{variant}/{seed}.json", variants=ATTENTIVE),
    output:
        tables=table("tables/attention", "attention_statistics", "Attention", "Statistics"),
        figure=result(
            "figures/attention_agreement.png", "attention_statistics", "Attention", "Agreement"
        ),
    log:
        "<logs>/tabulate_attention.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings={"split": config["scores"]["split"]},
        order={"variants": ATTENTIVE, "seeds": SEEDS},
    script:
        "../scripts/tabulate_attention.py"


rule plot_attention:
    """The attention of one variant in one sample translation: heat map and curves."""
    input:
        translations=f"<results>/translations/{{variant}}/{SEEDS[0]}.tsv",
        attention=f"<results>/translations/{{variant}}/{SEEDS[0]}.attention.npz",
    output:
        heat_map=result(
            "figures/attention/{variant}_{number}.png",
            "attention",
            "Attention",
            "{variant}, sample {number}",
            "heat map",
        ),
        curves=result(
            "figures/attention_curves/{variant}_{number}.png",
            "attention",
            "Attention",
            "{variant}, sample {number}",
            "curves",
        ),
    log:
        "<logs>/plot_attention/{variant}/{number}.log",
    wildcard_constraints:
        variant=any_of(WITH_ATTENTION),
    conda:
        "../../envs/text.yaml"
    params:
        settings={"count": config["samples"]["count"]},
    script:
        "../scripts/plot_attention.py"
