"""The contracts of the ground floor."""
