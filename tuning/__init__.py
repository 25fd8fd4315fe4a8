"""The tuning floor: sweeps over the dotted paths of a recipe."""
