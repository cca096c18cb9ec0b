MODEL (
  name marts_finance.mart_mrr_movement,
  kind VIEW,
  cron '@hourly',
  owner analytics_engineering,
  grain (account_id, stripe_customer_id, currency, month_start),
  references (account_id, currency),
  tags ('layer=mart', 'subject=finance', 'cadence=hour'),
  audits (
    unique_combination_of_columns(columns := (account_id, stripe_customer_id, currency, month_start)),
    not_null(columns := (account_id, currency, month_start, opening_amount, closing_amount, closing_amount_usd)),
    forall(
      criteria := (
        opening_amount + new_amount + reactivation_amount + expansion_amount - contraction_amount - churn_amount = closing_amount,
        opening_amount_usd + new_amount_usd + reactivation_amount_usd + expansion_amount_usd - contraction_amount_usd - churn_amount_usd + fx_amount_usd = closing_amount_usd
      )
    )
  ),
  description 'One row per account, currency and month: monthly recurring revenue of the platform at the end of the month before, what moved it
in exactly one class, and at the end of the month. Contracted, before discounts; billed_amount is after them.
Answers: what is MRR, what did we win, lose, grow; who came back. Use it for: the MRR bridge; add months of one currency, or US
dollars. Not for: adding closing amounts over months; for the running month as if it were over (is_complete).
US dollars at the rate of the month''s last day; what the change of rates did to the opening amount is fx_amount_usd.'
);

SELECT
  movement.account_id::BIGINT AS account_id, /* Account; -1 for a customer that matches none */
  movement.stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer in Stripe that matches no account, else NULL */
  movement.currency::VARCHAR AS currency, /* ISO 4217 currency */
  movement.month_start::DATE AS month_start, /* First day of the month */
  (
    DATEADD(MONTH, 1, movement.month_start) <= watermark.complete_through
  )::BOOLEAN AS is_complete, /* Whether the month is over in data that has arrived */
  movement.movement_class::VARCHAR AS movement_class, /* new, reactivation, expansion, contraction, churn or none */
  @major(movement.opening_minor, currency.exponent)::DECIMAL(18, 3) AS opening_amount, /* At the end of the month before */
  @major(movement.new_minor, currency.exponent)::DECIMAL(18, 3) AS new_amount, /* Of an account that never had any */
  @major(movement.reactivation_minor, currency.exponent)::DECIMAL(18, 3) AS reactivation_amount, /* Of an account that once had, and had none */
  @major(movement.expansion_minor, currency.exponent)::DECIMAL(18, 3) AS expansion_amount, /* More than before */
  @major(movement.contraction_minor, currency.exponent)::DECIMAL(18, 3) AS contraction_amount, /* Less than before, to be taken off */
  @major(movement.churn_minor, currency.exponent)::DECIMAL(18, 3) AS churn_amount, /* All of it gone, to be taken off */
  @major(movement.closing_minor, currency.exponent)::DECIMAL(18, 3) AS closing_amount, /* At the end of the month */
  @major(movement.billed_minor, currency.exponent)::DECIMAL(18, 3) AS billed_amount, /* At the end of the month, after discounts */
  @reporting(movement.opening_minor, currency.exponent, before.usd_per_unit)::DECIMAL(18, 2) AS opening_amount_usd, /* At the rate of the month before, as it closed */
  @reporting(movement.new_minor, currency.exponent, rate.usd_per_unit)::DECIMAL(18, 2) AS new_amount_usd, /* Of an account that never had any, US dollars */
  @reporting(movement.reactivation_minor, currency.exponent, rate.usd_per_unit)::DECIMAL(18, 2) AS reactivation_amount_usd, /* Of an account that once had, and had none, US dollars */
  @reporting(movement.expansion_minor, currency.exponent, rate.usd_per_unit)::DECIMAL(18, 2) AS expansion_amount_usd, /* More than before, US dollars */
  @reporting(movement.contraction_minor, currency.exponent, rate.usd_per_unit)::DECIMAL(18, 2) AS contraction_amount_usd, /* Less than before, to be taken off, US dollars */
  @reporting(movement.churn_minor, currency.exponent, rate.usd_per_unit)::DECIMAL(18, 2) AS churn_amount_usd, /* All of it gone, to be taken off, US dollars */
  (
    @reporting(movement.closing_minor, currency.exponent, rate.usd_per_unit) - @reporting(movement.opening_minor, currency.exponent, before.usd_per_unit) - @reporting(movement.new_minor, currency.exponent, rate.usd_per_unit) - @reporting(movement.reactivation_minor, currency.exponent, rate.usd_per_unit) - @reporting(movement.expansion_minor, currency.exponent, rate.usd_per_unit) + @reporting(movement.contraction_minor, currency.exponent, rate.usd_per_unit) + @reporting(movement.churn_minor, currency.exponent, rate.usd_per_unit)
  )::DECIMAL(18, 2) AS fx_amount_usd, /* What rates did to the opening amount, US dollars */
  @reporting(movement.closing_minor, currency.exponent, rate.usd_per_unit)::DECIMAL(18, 2) AS closing_amount_usd /* At the end of the month, US dollars */
FROM core.fct_mrr_movement AS movement
JOIN core.dim_currency AS currency
  ON currency.currency = movement.currency
JOIN core.watermark_platform_billing AS watermark
  ON watermark.subject = 'platform_billing'
LEFT JOIN core.dim_exchange_rate AS rate
  ON rate.currency = movement.currency AND @as_of(rate, DATEADD(DAY, -1, DATEADD(MONTH, 1, movement.month_start))::DATE)
LEFT JOIN core.dim_exchange_rate AS before
  ON before.currency = movement.currency AND @as_of(before, DATEADD(DAY, -1, movement.month_start)::DATE)
