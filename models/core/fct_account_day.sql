MODEL (
  name core.fct_account_day,
  kind VIEW,
  owner analytics_engineering,
  grain (account_id, activity_date),
  references (
    account_id
  ),
  tags ('layer=core', 'fact=periodic_snapshot'),
  depends_on (
    core.dim_account
  ),
  audits (
    unique_combination_of_columns(columns := (account_id, activity_date)),
    not_null(columns := (account_id, activity_date, booked_count, fulfilled_count)),
    referential_integrity(references := (
      account_id = core.dim_account
    ))
  ),
  description 'One row per account and UTC day on which appointments of its clinics were booked or fulfilled, a periodic snapshot.
Use it for: how much an account uses the app, and whether more or less than before. Not for: visits by local day and what became of
them (fct_clinic_day). A view over touched days, recomputed when appointments change.'
);

SELECT
  account_id::BIGINT AS account_id, /* Account that the clinics belong to */
  activity_date::DATE AS activity_date, /* UTC day */
  booked_count::BIGINT AS booked_count, /* Appointments booked that day, whenever they take place and whatever became of them */
  fulfilled_count::BIGINT AS fulfilled_count /* Visits done that day */
FROM intermediate.int_activity__account_day
