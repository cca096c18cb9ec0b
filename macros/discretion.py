"""No macro: SQLMesh imports this with the project, and its errors hold no values from then on, whoever started it.

`sqlmesh run` does not load the project; the guard that runs before it does the same.
"""

from northstar import discretion

discretion.install()
