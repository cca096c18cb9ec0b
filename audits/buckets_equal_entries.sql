AUDIT (
  name buckets_equal_entries,
  dialect snowflake
);

/* Movements change the buckets by just as much as the balance. */
SELECT
  entry_date
FROM @this_model
WHERE
  billed_minor + paid_minor + credited_minor + voided_minor + written_off_minor + recovered_minor <> not_due_minor + d1_30_minor + d31_60_minor + d61_90_minor + d90_plus_minor
