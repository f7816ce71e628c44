"""Pretrained word vectors and the embedding matrices made of them."""
