"""The models of the benchmarks in dbt, from an environment of its own: what SQLMesh is measured beside."""
