# In: <results>/features, <results>/images/split.tsv, <results>/nouns.
# Out: <results>/devise/{method}/{seed}: each fitted method and its predictions;
# <results>/devise_scores, tables. The state of an unfinished head is in resources/state.


rule train_head:
    """The head of one method trained with one seed, and its losses per epoch."""
    input:
        **TRAINING_DATA,
    output:
        head="<results>/devise/{method}/{seed}/head.safetensors",
        description="<results>/devise/{method}/{seed}/head.json",
        metrics="<results>/devise/{method}/{seed}/metrics.tsv",
    log:
        "<logs>/train_head/{method}/{seed}.log",
    wildcard_constraints:
        method=any_of(HEADS),
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]["training"]
    resources:
        runtime=720,
        gpu=GPUS,
    params:
        settings=lambda wildcards: training_settings(config["methods"][wildcards.method]),
        order=LABELLED_SETS,
        # A function of threads, so that a change reruns nothing (see sources.smk).
        checkpoint_seconds=lambda wildcards, threads: (
            config["methods"][wildcards.method]["training"]["checkpoint_seconds"]
        ),
    script:
        "../scripts/train_head.py"


rule fit_ensemble:
    """A trained head with the numbers of its ensemble with the backbone's classifier."""
    input:
        **TRAINING_DATA,
        head="<results>/devise/{method}/{seed}/head.safetensors",
        description="<results>/devise/{method}/{seed}/head.json",
    output:
        model="<results>/devise/{method}/{seed}/model.safetensors",
        settings="<results>/devise/{method}/{seed}/settings.json",
    log:
        "<logs>/fit_ensemble/{method}/{seed}.log",
    wildcard_constraints:
        method=any_of(HEADS),
    conda:
        "../../envs/torch.yaml"
    params:
        settings=lambda wildcards: config["methods"][wildcards.method]["classifier"],
        order=LABELLED_SETS,
    script:
        "../scripts/fit_ensemble.py"


rule find_head_learning_rate:
    """The learning-rate range test of one head: losses and suggestion."""
    input:
        **TRAINING_DATA,
    output:
        "<results>/range_test/heads/{method}.tsv",
    log:
        "<logs>/find_head_learning_rate/{method}.log",
    wildcard_constraints:
        method=any_of(HEADS),
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]["training"]
    resources:
        gpu=GPUS,
    params:
        settings=lambda wildcards: range_test_settings(
            config["methods"][wildcards.method], "lowest", "highest", "steps"
        ),
        order=LABELLED_SETS,
    script:
        "../scripts/find_head_learning_rate.py"


rule fit_baseline:
    """One baseline, fitted to the same features as the heads."""
    input:
        **TRAINING_DATA,
        logits=feature_files("logits.npy"),
    output:
        model="<results>/devise/{method}/{seed}/model.safetensors",
        settings="<results>/devise/{method}/{seed}/settings.json",
    log:
        "<logs>/fit_baseline/{method}/{seed}.log",
    wildcard_constraints:
        method=any_of([name for name in config["methods"] if name not in HEADS]),
    conda:
        "../../envs/torch.yaml"
    params:
        settings=lambda wildcards: config["methods"][wildcards.method],
        order=LABELLED_SETS,
    script:
        "../scripts/fit_baseline.py"


rule predict_images:
    """Predictions of one fitted method for the labelled images, or for all that are indexed."""
    input:
        unpack(predicted_files),
        model="<results>/devise/{method}/{seed}/model.safetensors",
        settings="<results>/devise/{method}/{seed}/settings.json",
    output:
        predictions="<results>/devise/{method}/{seed}/{predictions}.npy",
        description="<results>/devise/{method}/{seed}/{predictions}.json",
    log:
        "<logs>/predict_images/{method}/{seed}/{predictions}.log",
    wildcard_constraints:
        predictions=any_of(PREDICTED_SETS),
    conda:
        "../../envs/torch.yaml"
    threads: config["threads"]["decoding"]
    resources:
        gpu=GPUS,
    params:
        settings=INFERENCE,
        order=lambda wildcards: PREDICTED_SETS[wildcards.predictions],
    script:
        "../scripts/predict_images.py"


rule score_devise:
    """All scores of one method and seed on images."""
    input:
        **SCORING_DATA,
        predictions="<results>/devise/{method}/{seed}/predictions.npy",
        description="<results>/devise/{method}/{seed}/predictions.json",
    output:
        "<results>/devise_scores/{method}/{seed}.json",
    log:
        "<logs>/score_devise/{method}/{seed}.log",
    conda:
        "../../envs/torch.yaml"
    params:
        settings=config["image_scores"],
        order=LABELLED_SETS,
    script:
        "../scripts/score_devise.py"


rule tabulate_devise:
    """Tables of DeViSE's scores (image to word, word to image, nouns), and losses of the heads."""
    input:
        scores=DEVISE_SCORES,
        metrics=expand("<results>/devise/{method}/{seed}/metrics.tsv", method=HEADS_RUN, seed=SEEDS),
    output:
        losses=[result("figures/head_losses.png", "head_losses", "Images", "Losses")]
        * bool(HEADS_RUN),
        scores=table("tables/devise", "devise", "Images", "Scores of methods"),
        words=table("tables/devise_words", "devise", "Images", "Scores of words"),
        nouns=table("tables/devise_nouns", "devise", "Images", "Scores of nouns"),
    log:
        "<logs>/tabulate_devise.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings=config["image_tables"],
        order=METHODS,
    script:
        "../scripts/tabulate_devise.py"


rule list_label_errors:
    """A table of possible label errors, by the predictions of search.method."""
    input:
        **SCORING_DATA,
        predictions=f"<results>/devise/{SEARCH_METHOD}/{SEEDS[0]}/predictions.npy",
        description=f"<results>/devise/{SEARCH_METHOD}/{SEEDS[0]}/predictions.json",
    output:
        table("tables/label_errors", "label_errors", "Images", "Label errors"),
    log:
        "<logs>/list_label_errors.log",
    conda:
        "../../envs/text.yaml"
    params:
        settings={**config["label_errors"], "method": SEARCH_METHOD, "seed": SEEDS[0]},
        order=LABELLED_SETS,
    script:
        "../scripts/list_label_errors.py"
