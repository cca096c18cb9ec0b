"""SQLMesh macros, one subject a file."""
