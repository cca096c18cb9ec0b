"""What a month on Snowflake costs, reckoned from what ticks have written (docs/cost.md)."""
