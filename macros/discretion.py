"""No macro: SQLMesh imports this with the project, and from then on its errors hold no values, whoever started it."""

from northstar import discretion

discretion.install()
