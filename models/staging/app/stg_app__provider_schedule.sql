MODEL (
  name staging.stg_app__provider_schedule,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=app', 'phi=none'),
  description 'One row per change of a weekly template of a provider at a clinic in the app''s change log.
Use it for: the audited batch. Not for: analysis.'
);

SELECT
  _op::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  _commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  _seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  _commit_ts::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  schedule_id::BIGINT AS schedule_id, /* Template, natural key */
  provider_id::BIGINT AS provider_id, /* Provider who can be booked */
  clinic_id::BIGINT AS clinic_id, /* Clinic at which */
  iso_weekday::INT AS iso_weekday, /* 1 Monday to 7 Sunday */
  TRY_CAST(starts_at AS TIME) AS local_starts_at, /* Start, local wall clock; NULL when it is none */
  TRY_CAST(IFF(ends_at = '24:00:00', '00:00:00', ends_at) AS TIME) AS local_ends_at, /* End, exclusive, local wall clock; 00:00 is the end of the day */
  slot_minutes::INT AS slot_minutes, /* Length of a bookable slot, minutes */
  valid_from::DATE AS valid_from, /* First local day of the template */
  valid_to::DATE AS valid_to, /* Local day from which it no longer holds, NULL when open */
  IFF(_op IN ('D', 'T'), _commit_ts, updated_at)::TIMESTAMP AS changed_at, /* When the app last changed the row, of a delete or truncate its commit, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_app.scheduling__provider_schedules
