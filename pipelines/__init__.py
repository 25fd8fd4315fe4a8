"""The ground floor: components, the store of results, and the steps from raw documents to packed tokens."""
