"""Tables of DeViSE's scores (image to word, word to image, nouns), and losses of the heads."""

from wordbridge.files import read_records
from wordbridge.job import start_job
from wordbridge.report.figures import save_figure
from wordbridge.report.images import devise_table, nouns_table
from wordbridge.report.tables import read_metrics, save_table
from wordbridge.report.training import head_losses_figure

start_job(snakemake)

settings = snakemake.params.settings
records = read_records(snakemake.input.scores)
nouns = nouns_table(records, settings["method"], settings["count"], settings["images"])
save_table(devise_table(records, published=settings["published"]), snakemake.output.scores)
save_table(devise_table(records, "words"), snakemake.output.words)
save_table(nouns, snakemake.output.nouns)
for path in snakemake.output.losses:  # none without heads
    save_figure(head_losses_figure(read_metrics(snakemake.input.metrics)), path)
