MODEL (
  name intermediate.int_quality__quarantine,
  kind VIEW,
  owner data_engineering,
  cron '@daily',
  grain (batch, commit_lsn, commit_seq, record_key),
  tags (
    'layer=intermediate'
  ),
  description 'One row per faulty change of any batch: which rule it breaks, where it stands in raw, and whether it was settled.
Use it for: finding the record that has to be corrected at its source. Not for: counts, which are in ops.quarantine.
The rows stay in their batch, marked (decision 4), and a later change of the same record settles them: there is nothing to
admit, and no replay can admit it twice. A view: a look costs the keys of the faulty rows in each batch.'
);

SELECT
  source::VARCHAR AS source, /* Source that told the change */
  batch::VARCHAR AS batch, /* Model of schema intermediate that holds the change */
  fault_rule::VARCHAR AS fault_rule, /* Rule that the change breaks; of patients patient_rule, as the batch says which */
  record_key::VARCHAR AS record_key, /* Key of the record at its source, NULL for patients, whose pseudonym is no help there */
  commit_lsn::BIGINT AS commit_lsn, /* Place of the change in raw: its _commit_lsn, or the place in its source's order */
  commit_seq::BIGINT AS commit_seq, /* Place in the transaction: its _seq */
  committed_at::TIMESTAMP AS committed_at, /* When the source made the change, UTC */
  loaded_at::TIMESTAMP AS loaded_at, /* Stamp of the load, UTC */
  settled_at::TIMESTAMP AS settled_at, /* Stamp of the load that brought the record without fault, or its delete, UTC */
  (
    settled_at IS NULL
  )::BOOLEAN AS is_held /* Whether the record still waits for a change without fault */
FROM (
  @faulty_changes()
) AS told
WHERE
  NOT fault_rule IS NULL
