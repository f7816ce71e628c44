"""Predictions of one fitted method for all images that have features."""

from wordbridge.devise.predictor import predict_images
from wordbridge.images.feature_store import FeatureStore
from wordbridge.job import start_job
from wordbridge.tensors import read_model
from wordbridge.training.device import choose_device

start_job(snakemake)

settings = snakemake.params.settings
device = choose_device(settings["device"], settings["threads"])
model = read_model(snakemake.input.model, snakemake.input.settings)
predict_images(
    snakemake.output.predictions,
    snakemake.output.description,
    FeatureStore(snakemake.input.features),
    model,
    device,
    snakemake.wildcards.method,
)
