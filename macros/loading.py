"""No macro: SQLMesh imports this with the project, before its models, and loads those faster from then on."""

from northstar import loading

loading.install()
