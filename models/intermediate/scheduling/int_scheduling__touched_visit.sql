MODEL (
  name intermediate.int_scheduling__touched_visit,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column touched_at
  ),
  owner data_engineering,
  grain (appointment_id, provider_id, clinic_id, appointment_type_id, starts_on, ends_on, touched_at),
  tags (
    'layer=intermediate'
  ),
  description 'One row per place in the book (provider, clinic, type and local days) at which an appointment lies or lay that an
interval touched: it changed, its clinic changed, or it was attended and its end passed. Use it for: bounding what is
recomputed to the days, clinics and providers that an appointment is at or has left. Not for: analysis.
Of what changed every version in the log counts, of what was attended the last, under every time zone that the clinic has
had. Grows by what arrives.'
);

WITH changed AS (
  SELECT
    appointment_id
  FROM intermediate.int_scheduling__appointment_change
  WHERE
    loaded_at BETWEEN @start_ts AND @end_ts
  UNION
  SELECT
    appointment.appointment_id
  FROM intermediate.int_directory__clinic_change AS clinic
  JOIN intermediate.int_scheduling__appointment AS appointment
    USING (clinic_id)
  WHERE
    clinic.loaded_at BETWEEN @start_ts AND @end_ts
), place AS (
  /* Every version in the log: a day that an appointment has left is recomputed as well */
  SELECT
    appointment_id,
    provider_id,
    clinic_id,
    appointment_type_id,
    starts_at,
    ends_at
  FROM intermediate.int_scheduling__appointment_change
  WHERE
    fault_rule IS NULL
    AND operation <> 'D'
    AND appointment_id IN (
      SELECT
        appointment_id
      FROM changed
    )
    AND EXISTS(
      SELECT
        1
      FROM changed
    )
  UNION ALL
  SELECT
    appointment_id,
    provider_id,
    clinic_id,
    appointment_type_id,
    starts_at,
    ends_at
  FROM intermediate.int_scheduling__appointment
  WHERE
    status IN ('arrived', 'checked-in')
    AND NOT is_deleted
    AND ends_at BETWEEN DATEADD(MICROSECOND, 1, @start_ts::TIMESTAMP) AND DATEADD(MICROSECOND, 1, @end_ts::TIMESTAMP)
), zone AS (
  SELECT DISTINCT
    clinic_id,
    time_zone
  FROM intermediate.int_directory__clinic_change
  WHERE
    fault_rule IS NULL AND operation <> 'D'
), zoned AS (
  SELECT
    place.*,
    DATEADD(SECOND, -1, place.ends_at) AS last_at,
    zone.time_zone
  FROM place
  JOIN zone
    USING (clinic_id)
), begun AS (
  @dated(zoned, starts_at, starts_on)
)
SELECT DISTINCT
  appointment_id::BIGINT AS appointment_id, /* Appointment that was touched */
  provider_id::BIGINT AS provider_id, /* Provider of the version */
  clinic_id::BIGINT AS clinic_id, /* Clinic of the version */
  COALESCE(appointment_type_id, -1)::BIGINT AS appointment_type_id, /* Type of the version, -1 without one */
  starts_on::DATE AS starts_on, /* Local day of its start */
  ends_on::DATE AS ends_on, /* Local day of its last second */
  @end_ts::TIMESTAMP AS touched_at /* End of the interval that touched the appointment, UTC */
FROM (
  @dated(begun, last_at, ends_on)
)
