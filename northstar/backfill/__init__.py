"""Restating a model and what depends on it for a range of time: in batches, resumable, and giving way to ticks."""
