MODEL (
  name intermediate.int_scheduling__provider_schedule_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (schedule_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=app'),
  signals (
    source_sealed(source := 'app')
  ),
  audits (
    unique_combination_of_columns(columns := (schedule_id, commit_lsn, commit_seq)),
    not_null(columns := (schedule_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of a weekly template of a provider, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

WITH arrived AS (
  @arrivals(staging.stg_app__provider_schedule, schedule_id, @start_ts, @end_ts)
)
SELECT
  arrived.schedule_id::BIGINT AS schedule_id, /* Template, natural key */
  arrived.operation::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  arrived.commit_seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  arrived.provider_id::BIGINT AS provider_id, /* Provider who can be booked */
  arrived.clinic_id::BIGINT AS clinic_id, /* Clinic at which */
  arrived.iso_weekday::INT AS iso_weekday, /* 1 Monday to 7 Sunday */
  arrived.local_starts_at::TIME AS local_starts_at, /* Start, local wall clock */
  arrived.local_ends_at::TIME AS local_ends_at, /* End, exclusive, local wall clock; 00:00 is the end of the day */
  arrived.slot_minutes::INT AS slot_minutes, /* Length of a bookable slot, minutes */
  arrived.valid_from::DATE AS valid_from, /* First local day of the template */
  arrived.valid_to::DATE AS valid_to, /* Local day from which it no longer holds, NULL when open */
  arrived.changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, of a delete its commit, UTC */
  CASE
    WHEN arrived.operation = 'D'
    THEN NULL
    WHEN local_starts_at IS NULL OR local_ends_at IS NULL OR valid_from IS NULL
    THEN 'missing_time'
    WHEN NOT iso_weekday BETWEEN 1 AND 7
    THEN 'unknown_weekday'
    WHEN local_ends_at <= local_starts_at AND local_ends_at <> '00:00:00'::TIME
    THEN 'ends_not_after_start'
    WHEN NOT slot_minutes BETWEEN 1 AND 1440
    THEN 'implausible_slot'
  END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM arrived
