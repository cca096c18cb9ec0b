"""House rules of the project, as SQLMesh linter rules."""
