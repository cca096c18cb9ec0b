"""No macro: SQLMesh imports this with the project, and its plans know what was taken back from then on."""

from northstar import categories

categories.install()
