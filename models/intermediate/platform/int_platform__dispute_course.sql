MODEL (
  name intermediate.int_platform__dispute_course,
  kind VIEW,
  owner data_engineering,
  grain dispute_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per dispute that was ever told won or lost: when it first was. A dispute that was closed before it was first
seen counts as closed when it was opened: its money left then, and Stripe does not say when it was closed.
Use it for: dating lost disputes. Not for: the present status. A view: the log behind it is small.'
);

SELECT
  dispute_id::VARCHAR AS dispute_id, /* Dispute, natural key */
  MIN(IFF(operation = 'R', created_at, committed_at))::TIMESTAMP AS closed_at /* When it was first told won or lost, UTC */
FROM intermediate.int_platform__dispute_change
WHERE
  fault_rule IS NULL
  AND status IN ('won', 'lost')
  AND loaded_at <= @audited_through(intermediate.int_platform__dispute_change)
GROUP BY
  dispute_id
