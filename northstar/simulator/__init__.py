"""The simulated company: real servers with synthetic data, for the demo and the tests.

Nothing outside this package may know that it exists.
"""
