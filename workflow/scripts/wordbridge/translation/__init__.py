"""The recurrent encoder-decoder: model, training, decoding, scores."""
