MODEL (
  name intermediate.int_directory__clinic_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (clinic_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=app'),
  signals (
    source_sealed(source := 'app')
  ),
  audits (
    unique_combination_of_columns(columns := (clinic_id, commit_lsn, commit_seq)),
    not_null(columns := (clinic_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of a clinic, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

WITH arrived AS (
  @arrivals(staging.stg_app__clinic, clinic_id, @start_ts, @end_ts)
)
SELECT
  arrived.clinic_id::BIGINT AS clinic_id, /* Clinic, natural key */
  arrived.operation::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  arrived.commit_seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  arrived.account_id::BIGINT AS account_id, /* Account that runs the clinic */
  arrived.clinic_code::VARCHAR AS clinic_code, /* Code by which people call the clinic */
  arrived.clinic_name::VARCHAR AS clinic_name, /* Name of the clinic */
  arrived.region_code::VARCHAR AS region_code, /* Sales region */
  arrived.time_zone::VARCHAR AS time_zone, /* IANA time zone */
  arrived.city::VARCHAR AS city, /* City of the clinic */
  arrived.state_code::VARCHAR AS state_code, /* State or province */
  arrived.country::VARCHAR AS country, /* ISO 3166 country */
  arrived.opened_on::DATE AS opened_on, /* First day of business, local */
  arrived.closed_on::DATE AS closed_on, /* Day from which the clinic is closed for good, local */
  arrived.created_at::TIMESTAMP AS created_at, /* When the row was made, UTC */
  arrived.changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, of a delete its commit, UTC */
  CASE
    WHEN arrived.operation = 'D'
    THEN NULL
    WHEN changed_at IS NULL
    THEN 'missing_time'
    WHEN zone.time_zone IS NULL
    THEN 'unknown_time_zone'
  END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM arrived
LEFT JOIN reference.time_zone AS zone
  ON zone.time_zone = arrived.time_zone
