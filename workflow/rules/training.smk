# In: <results>/ids, <results>/embeddings. Out: <results>/translators/{variant}/{seed}: weights,
# settings and a row of metrics per epoch. One job per variant and seed; its unfinished state lives
# in resources/state, outside declared outputs, because Snakemake deletes those of a failed job.
# And <results>/range_test with its figures, from which learning rates are chosen.


rule train_translator:
    """The weights of one variant trained with one seed, and its losses per epoch."""
    input:
        fr_ids="<results>/ids/fr.npz",
        en_ids="<results>/ids/en.npz",
        fr_embedding="<results>/embeddings/fr.npy",
        en_embedding="<results>/embeddings/en.npy",
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
        settings=training_block,
        checkpoint_seconds=variant_checkpoint_seconds,
    script:
        "../scripts/train_translator.py"


rule find_learning_rate:
    """The learning-rate range test of one variant: losses and suggestion."""
    input:
        fr_ids="<results>/ids/fr.npz",
        en_ids="<results>/ids/en.npz",
        fr_embedding="<results>/embeddings/fr.npy",
        en_embedding="<results>/embeddings/en.npy",
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
        settings=range_test_block,
    script:
        "../scripts/find_learning_rate.py"


rule plot_range_test:
    """The figure of one learning-rate range test, of a variant or of a head."""
    input:
        range_test_table,
    output:
        "<results>/figures/{kind}_rate_{name}.png",
    log:
        "<logs>/plot_range_test/{kind}_rate_{name}.log",
    wildcard_constraints:
        kind="learning|head_learning",
        name=".+",
    conda:
        "../../envs/text.yaml"
    script:
        "../scripts/plot_range_test.py"
