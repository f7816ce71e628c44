"""A table of possible label errors, by the predictions of search.method."""

import pandas as pd

from wordbridge.devise.label_errors import LabelError, find_label_errors
from wordbridge.devise.similarity import read_scored_data
from wordbridge.job import start_job
from wordbridge.report.images import label_errors_table
from wordbridge.report.tables import save_table

start_job(snakemake)

settings = snakemake.params.settings
errors = find_label_errors(*read_scored_data(snakemake.input), settings["count"])
frame = pd.DataFrame(errors, columns=LabelError._fields)
save_table(label_errors_table(frame, settings["method"], settings["seed"]), snakemake.output)
