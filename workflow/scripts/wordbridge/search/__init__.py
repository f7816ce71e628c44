"""Search by vector: indexes of nouns and pictures, and queries in words."""
