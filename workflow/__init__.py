"""What the Snakefile imports. A regular package, so that no installed one of this name wins."""
