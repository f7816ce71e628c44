"""Nouns of WordNet: table, hierarchy and word vectors."""
