"""``northstar gate``: proves a change before it may become prod (design 4.7)."""
