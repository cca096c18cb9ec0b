"""Forgetting a patient: out of landing files, raw, and every table of every environment, and kept out from then on."""
