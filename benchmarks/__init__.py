"""How fast the warehouse is, beside what the engine alone could do (README.md)."""
