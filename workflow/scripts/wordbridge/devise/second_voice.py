"""What the backbone's classifier says beside a head: much where it is sure of a photograph."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wordbridge.devise.conse import certainty, probabilities
from wordbridge.devise.head_settings import ClassifierSettings
from wordbridge.devise.labelled import Floats
from wordbridge.devise.photo_gate import PhotoGate
from wordbridge.vectors.unit_length import unit_length

STEPS, RATE = 20, 0.6  # more steps move no picture's first five answers


@dataclass(frozen=True)
class SecondVoice:
    """The classifier in words: its classes' unit ``vectors`` (classes, dim), where ``known``."""

    vectors: Floats
    known: NDArray[np.bool_]
    gate: PhotoGate
    settings: ClassifierSettings

    def says(self, features: Floats, scores: Floats) -> Floats:
        """Return vectors (pictures, dim) to be added to the head's of unit length.

        They are as long as the classifier is trusted: 1 / (1 - p)^2 for the probability p of
        its likeliest class, at most ``weight``, times the chance that this is a photograph.
        """
        settings = self.settings
        said = likeliest(scores, self.vectors, self.known, settings.top, settings.temperature)
        chances = self.gate.chances(features, settings.photo_odds)
        added: Floats = said * chances * certainty(scores, settings.weight)
        return added


def likeliest(
    scores: Floats, vectors: Floats, known: NDArray[np.bool_], top: int, temperature: float
) -> Floats:
    """Return the unit vectors (pictures, dim) that say best what the classifier says.

    A softmax of a vector's cosines with the classes' ``vectors``, divided by ``temperature``,
    comes as near as it can to the probabilities of the ``top`` classes (least cross-entropy).
    The way there begins at their combination, ConSE's vector, which often is nearer to a third
    class than to those that it combines.
    """
    classes, chances = vectors[known], _chances(scores, known, top)
    said = unit_length(chances @ classes)
    for _ in range(STEPS):
        wanted = (chances - probabilities(said @ classes.T / np.float32(temperature))) @ classes
        along = (wanted * said).sum(axis=1, keepdims=True)
        said = unit_length(said + np.float32(RATE) * (wanted - along * said))
    return said


def _chances(scores: Floats, known: NDArray[np.bool_], top: int) -> Floats:
    """Return the probabilities (pictures, known classes) of the ``top`` classes, summing to 1."""
    chances = probabilities(np.asarray(scores, np.float32)[:, known])
    top = min(top, chances.shape[1])
    least = np.partition(chances, -top, axis=1)[:, -top, None]
    kept = np.where(chances >= least, chances, np.float32(0))
    summed: Floats = kept / kept.sum(axis=1, keepdims=True)
    return summed
