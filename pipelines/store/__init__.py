"""The store: content-addressed datasets, their manifests, addresses and leases."""
