"""Where data comes from: locations, downloads, archives and the store of verified bytes."""
