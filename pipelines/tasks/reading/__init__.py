"""What tasks share: rows of JSON lines as items, their two halves, and the examples that stand before them."""
