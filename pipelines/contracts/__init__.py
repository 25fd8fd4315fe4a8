"""The contracts of the ground floor: what every family of components has to do, and what passes between them."""
