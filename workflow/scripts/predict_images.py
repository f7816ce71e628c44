"""What one fitted method says about every image that has features."""

from wordbridge.devise.predictions import predictor_of, write_predictions
from wordbridge.images.feature_store import FeatureStore
from wordbridge.job import start_job
from wordbridge.tensors import read_model
from wordbridge.training.device import choose_device

start_job(snakemake)

settings = snakemake.params.settings
device = choose_device(settings["device"], settings["threads"])
fitted = read_model(snakemake.input.model, snakemake.input.settings)
write_predictions(
    snakemake.output.predictions,
    snakemake.output.description,
    FeatureStore(snakemake.input.features),
    predictor_of(fitted, device),
    snakemake.wildcards.method,
)
