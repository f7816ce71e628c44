"""Pictures found by words: nouns, pictures, features, head, scores."""
