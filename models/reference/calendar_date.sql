MODEL (
  name reference.calendar_date,
  kind FULL,
  cron '@daily',
  owner data_engineering,
  grain calendar_date,
  tags (
    'layer=reference'
  ),
  audits (unique_values(columns := calendar_date), number_of_rows(threshold := 9130)),
  description 'One row per day from 2015 to 2039. Use it for: turning ranges of days into days. Not for: dates of birth.'
);

SELECT
  DATEADD(DAY, day_no, '2015-01-01'::DATE)::DATE AS calendar_date /* The day */
FROM (
  SELECT
    ROW_NUMBER() OVER (ORDER BY 1) - 1 AS day_no
  FROM TABLE(GENERATOR(ROWCOUNT => 9131))
)
