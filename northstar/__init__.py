"""Northstar Health's analytics warehouse: what SQLMesh itself does not do."""
