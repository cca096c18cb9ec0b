"""The app's change log at production volume: any number of half hours, made by DuckDB in vectors, straight into raw.

Where the simulated company lives row by row in a real PostgreSQL, this makes what ingestion would have landed of a much
larger one.  The same seed gives the same rows (with one DuckDB version: its ``hash`` is the source of chance).
"""

from northstar.simulator.volume.company import VolumeCompany
from northstar.simulator.volume.generator import Generator

__all__ = ["Generator", "VolumeCompany"]
