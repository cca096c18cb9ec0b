"""The documentation site: a folder of files that needs no server and no network."""
