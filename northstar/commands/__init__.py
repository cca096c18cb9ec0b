"""Commands that operate the warehouse, a subject a module; ``northstar.cli`` puts them together."""
