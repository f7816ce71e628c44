"""Translators (recurrent encoder-decoders and a Transformer): model, training, decoding, scores."""
