"""Moving over from the old warehouse: its history into raw, its reports beside the marts (docs/migration.md)."""
