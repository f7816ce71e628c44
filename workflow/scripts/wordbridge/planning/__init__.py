"""What Snakemake would run next, why, and for how long."""
