# In: trained translators and the split that is scored. Out: <results>/{translations,scores} per variant and
# seed, <results>/tables and <results>/figures over all of them, <results>/timings for what differs
# from run to run.


rule translate_questions:
    """Translations of the split that is scored, once per distinct source text."""
    input:
        pairs=TOKENS,
        fr_vocabulary="<results>/vocabulary/fr.tsv",
        en_vocabulary="<results>/vocabulary/en.tsv",
        model="<results>/translators/{variant}/{seed}/model.safetensors",
        settings="<results>/translators/{variant}/{seed}/settings.json",
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
            "device": config["device"],
            "threads": config["threads"]["decoding"],
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
            "variants": VARIANTS,
            "seeds": SEEDS,
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
        pairs="<results>/split/pairs.tsv",
        translations="<results>/translations/{variant}/{seed}.tsv",
        fr_ids="<results>/ids/fr.npz",
        en_ids="<results>/ids/en.npz",
        model="<results>/translators/{variant}/{seed}/model.safetensors",
        settings="<results>/translators/{variant}/{seed}/settings.json",
    output:
        "<results>/scores/{variant}/{seed}.json",
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
            "lowercase": LOWERCASE,
            "device": config["device"],
            "threads": config["threads"]["decoding"],
        },
    script:
        "../scripts/score_translations.py"


rule tabulate_scores:
    """The table and the figure of scores: one row or bar per variant, over all seeds."""
    input:
        expand("<results>/scores/{variant}/{seed}.json", variant=VARIANTS, seed=SEEDS),
    output:
        tables=multiext("<results>/tables/scores", ".tsv", ".md", ".html"),
        figure="<results>/figures/scores.png",
    log:
        "<logs>/tabulate_scores.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings={key: config["scores"][key] for key in ("baseline", "split", "published")},
        order=RUNS,
    script:
        "../scripts/tabulate_scores.py"


rule tabulate_times:
    """The table of times and throughputs, which no other result depends on."""
    input:
        training=expand(
            "<results>/timings/training/{variant}/{seed}.json", variant=VARIANTS, seed=SEEDS
        ),
        decoding=expand(
            "<results>/timings/decoding/{variant}/{seed}.json", variant=VARIANTS, seed=SEEDS
        ),
    output:
        multiext("<results>/timings/times", ".tsv", ".md", ".html"),
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
        translations=expand(
            "<results>/translations/{variant}/{seed}.tsv", variant=VARIANTS, seed=SEEDS[:1]
        ),
    output:
        multiext("<results>/tables/samples", ".tsv", ".md", ".html"),
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
    """The table and the figures of the trainings: losses per epoch, learning rate per step."""
    input:
        metrics=expand(
            "<results>/translators/{variant}/{seed}/metrics.tsv", variant=VARIANTS, seed=SEEDS
        ),
        ids="<results>/ids/fr.npz",
    output:
        tables=multiext("<results>/tables/training", ".tsv", ".md", ".html"),
        losses="<results>/figures/losses.png",
        schedule="<results>/figures/schedule.png",
    log:
        "<logs>/tabulate_training.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings={
            "published": config["scores"]["published"],
            "schedules": {name: schedule_block(name) for name in VARIANTS},
        },
        order=RUNS,
    script:
        "../scripts/tabulate_training.py"


rule plot_attention:
    """The attention of one variant in one sample translation: heat map and curves."""
    input:
        translations=f"<results>/translations/{{variant}}/{SEEDS[0]}.tsv",
        attention=f"<results>/translations/{{variant}}/{SEEDS[0]}.attention.npz",
    output:
        heat_map="<results>/figures/attention/{variant}_{number}.png",
        curves="<results>/figures/attention_curves/{variant}_{number}.png",
    log:
        "<logs>/plot_attention/{variant}/{number}.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings={"count": config["samples"]["count"]},
    script:
        "../scripts/plot_attention.py"
