"""Where data comes from: named places, downloads, archives and the store of verified bytes."""
