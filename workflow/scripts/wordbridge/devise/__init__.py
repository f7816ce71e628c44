"""DeViSE: heads that map image features into word-vector space, baselines and scores."""
