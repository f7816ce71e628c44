"""Search by vector: indexes of nouns and images, and queries in words."""
