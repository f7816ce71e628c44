"""Parallel text: questions, tokens, splits, vocabularies, batches."""
