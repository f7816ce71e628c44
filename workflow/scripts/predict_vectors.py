"""What one fitted method says about every image that has features."""

from wordbridge.devise.model_file import read_fitted
from wordbridge.devise.predictions import predictor_of, write_predictions
from wordbridge.images.feature_store import FeatureStore
from wordbridge.job import log_to
from wordbridge.training.device import choose_device

log_to(snakemake)

settings = snakemake.params.settings
device = choose_device(settings["device"], settings["threads"])
fitted = read_fitted(snakemake.input.model, snakemake.input.settings)
write_predictions(
    snakemake.output.predictions,
    snakemake.output.description,
    FeatureStore.open(snakemake.input.features),
    predictor_of(fitted, device),
    snakemake.wildcards.method,
)
