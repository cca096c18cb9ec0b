"""An old warehouse, with the faults of one that has grown: unloaded to Parquet, as ``northstar migrate`` reads it."""
