"""The proof that no patient's data leaves raw: labels, how they flow through all models, what breaks the rules."""
