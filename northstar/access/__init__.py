"""Who may see what on Snowflake: roles, grants, tags and masking policies, made from the contracts."""
