"""From the sources to raw: read a batch, land it as Parquet, load rows and ledger entry in one transaction, seal."""
