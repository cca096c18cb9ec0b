MODEL (
  name core.fct_provider_availability,
  kind VIEW,
  owner analytics_engineering,
  grain (schedule_id, provider_id, clinic_id, local_date),
  references (provider_id, clinic_id),
  tags ('layer=core', 'fact=periodic_snapshot'),
  depends_on (core.dim_clinic, core.dim_provider),
  audits (
    unique_combination_of_columns(
      columns := (schedule_id, provider_id, clinic_id, local_date),
      condition := local_date >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)::DATE
    ),
    not_null(columns := (schedule_id, provider_id, clinic_id, local_date)),
    not_null(columns := (starts_at, ends_at), condition := local_date >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)::DATE),
    referential_integrity(
      references := (provider_id = core.dim_provider, clinic_id = core.dim_clinic),
      condition := local_date >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)::DATE
    )
  ),
  description 'One row per session in which a provider can be booked at a clinic: a weekly template on one local day, in UTC.
Use it for: opening hours and capacity before blocks. Not for: utilization (fct_provider_day takes out time off and closures).
Days reach availability_horizon_days ahead.'
);

SELECT
  schedule_id::BIGINT AS schedule_id, /* Template that the session comes from */
  provider_id::BIGINT AS provider_id, /* Provider who can be booked */
  clinic_id::BIGINT AS clinic_id, /* Clinic at which */
  local_date::DATE AS local_date, /* Day in the clinic's time zone */
  starts_at::TIMESTAMP AS starts_at, /* Start, UTC */
  ends_at::TIMESTAMP AS ends_at, /* End, exclusive, UTC */
  slot_minutes::INT AS slot_minutes, /* Length of a bookable slot, minutes */
  DATEDIFF(SECOND, starts_at, ends_at)::BIGINT AS bookable_seconds /* Elapsed time; a session across a clock change is shorter or longer than its wall clock */
FROM intermediate.int_scheduling__session
WHERE
  NOT is_deleted
