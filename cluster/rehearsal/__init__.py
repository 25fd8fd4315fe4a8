"""Rehearsal: a run's own recipe on small samples of its sources, twice, from which its cost is told before it starts.

What a stage takes is never a formula of its components: they really work, and models of the right shape, trained for a
few batches, really read. Two samples of different size tell what a stage takes in any case from what grows.
"""
