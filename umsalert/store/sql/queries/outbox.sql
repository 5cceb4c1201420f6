-- name: open_sender
INSERT INTO sender (alert_id, pid, host, operator, started_at, lease_until)
VALUES (:alert_id, :pid, :host, :operator, :now, :lease_until)

-- name: renew_sender
UPDATE sender SET lease_until = :lease_until WHERE id = :sender_id

-- name: living_sender
SELECT alert_id, operator FROM sender WHERE id = :sender_id AND lease_until <> ''

-- name: sender_alert
SELECT alert.* FROM sender JOIN alert ON alert.id = sender.alert_id WHERE sender.id = :sender_id

-- name: senders
SELECT id, pid, host, lease_until FROM sender
WHERE alert_id = :alert_id AND (
    lease_until <> '' OR EXISTS (
        SELECT 1 FROM attempt WHERE attempt.sender_id = sender.id AND attempt.state = 'sending'
    )
)

-- name: open_senders
SELECT count(*) AS n FROM sender WHERE alert_id = :alert_id AND lease_until <> ''

-- name: due
-- The next messages in order of sending, each with whether its people are still vetted. Of a cell
-- that is paced, the first one, once the cell is free; the others are read in the queue's own order.
-- Where the clock was set back nobody waits for it: not for a cell until an `absurd` time, and not
-- for a next attempt that is later than the present, which is earlier than the last one's end. (One
-- row of JSON: every row more would have this thread ask for Python's lock once more. CAST: a bare
-- LIMIT :n is planned anew.)
WITH next AS (
    SELECT * FROM (
        SELECT id FROM delivery INDEXED BY delivery_queue
        WHERE alert_id = :alert_id AND channel = :channel AND cell IS NULL AND state = 'queued' AND (
            next_attempt_at <= :now OR attempts = 0 OR :now < (
                SELECT settled_at FROM attempt
                WHERE delivery_id = delivery.id AND n = delivery.attempts
            )
        )
        ORDER BY id LIMIT CAST(:n AS INTEGER)
    )
    UNION ALL
    SELECT (
        SELECT id FROM delivery INDEXED BY delivery_queue
        WHERE alert_id = :alert_id AND channel = :channel AND cell = alert_cell.cell
            AND state = 'queued' AND (
                next_attempt_at <= :now OR attempts = 0 OR :now < (
                    SELECT settled_at FROM attempt
                    WHERE delivery_id = delivery.id AND n = delivery.attempts
                )
            )
        ORDER BY id LIMIT 1
    )
    FROM alert_cell
    LEFT JOIN cell_pace ON cell_pace.cell = alert_cell.cell
    WHERE alert_cell.alert_id = :alert_id
        AND (coalesce(cell_pace.free_at, '') <= :now OR cell_pace.free_at > :absurd)
)
SELECT json_group_array(json_array(
    id, address, language, attempts, refusals, cell, unknowns, vetted
)) FROM (
    SELECT
        delivery.id, delivery.address, delivery.language, delivery.attempts, delivery.refusals,
        delivery.cell,
        CASE WHEN delivery.attempts = 0 THEN 0 ELSE (
            SELECT count(*) FROM attempt
            WHERE attempt.delivery_id = delivery.id AND attempt.state = 'unknown'
        ) END AS unknowns,
        site.status = 'approved' AND contact.status = 'certified' AS vetted
    FROM next
    CROSS JOIN delivery ON delivery.id = next.id
    JOIN site ON site.id = delivery.site_id
    JOIN contact ON contact.id = delivery.contact_id
    ORDER BY delivery.id
    LIMIT CAST(:n AS INTEGER)
)

-- name: next_due
-- When a message of the queue can be due, its cell's pace included. NULL: the queue is empty.
SELECT min(at) AS at FROM (
    SELECT min(next_attempt_at) AS at FROM delivery INDEXED BY delivery_queue
    WHERE alert_id = :alert_id AND channel = :channel AND cell IS NULL AND state = 'queued'
    UNION ALL
    SELECT max(coalesce(cell_pace.free_at, ''), (
        SELECT min(next_attempt_at) FROM delivery INDEXED BY delivery_queue
        WHERE alert_id = :alert_id AND channel = :channel AND cell = alert_cell.cell
            AND state = 'queued'
    ))
    FROM alert_cell
    LEFT JOIN cell_pace ON cell_pace.cell = alert_cell.cell
    WHERE alert_cell.alert_id = :alert_id
)

-- name: queue_size
SELECT
    coalesce(sum(n), 0) AS total,
    coalesce(sum(n) FILTER (WHERE state = 'queued'), 0) AS queued
FROM delivery_count WHERE alert_id = :alert_id AND channel = :channel

-- name: free_at
SELECT free_at FROM cell_pace WHERE cell = :cell

-- name: pace_cell
INSERT INTO cell_pace (cell, free_at) VALUES (:cell, :free_at)
ON CONFLICT (cell) DO UPDATE SET free_at = excluded.free_at

-- name: cancel_unvetted
UPDATE delivery
SET code = 'not_vetted', ended_at = :now,
    state = CASE WHEN EXISTS (
        SELECT 1 FROM attempt WHERE attempt.delivery_id = delivery.id AND attempt.state = 'unknown'
    ) THEN 'unknown' ELSE 'cancelled' END
WHERE id = :id

-- name: start
UPDATE delivery
SET state = 'sending', attempts = attempts + 1, first_sent_at = coalesce(first_sent_at, :now)
WHERE id IN (SELECT value FROM json_each(:ids))

-- name: insert_attempts
-- Of deliveries just started. `digests` holds 32 bytes for each of `ids`.
INSERT INTO attempt (
    delivery_id, n, sender_id, provider, token_sha256, started_at, deadline_at
)
SELECT
    delivery.id, delivery.attempts, :sender_id, :provider, substr(:digests, item.key * 32 + 1, 32),
    :now, :deadline_at
FROM json_each(:ids) AS item
CROSS JOIN delivery ON delivery.id = item.value

-- name: no_more
-- Where a message ends that would be tried again, once its alert or its site gets no more.
SELECT
    iif(coalesce(alert.cancelled_at, alert.closed_at) IS NOT NULL, 'cancelled', 'not_needed')
        AS state
FROM delivery
JOIN alert ON alert.id = delivery.alert_id
JOIN alert_site
    ON alert_site.alert_id = delivery.alert_id AND alert_site.site_id = delivery.site_id
WHERE delivery.id = :delivery_id
    AND coalesce(alert.cancelled_at, alert.closed_at, alert_site.stopped_at) IS NOT NULL

-- name: accept
-- The common end of hand-overs; `settle_delivery` knows all others.
UPDATE delivery SET state = 'accepted', code = item.value ->> 5, accepted_at = item.value ->> 4
FROM json_each(:items) AS item
WHERE item.value ->> 2 = 'accepted'
    AND delivery.id = item.value ->> 0 AND state = 'sending' AND attempts = item.value ->> 1

-- name: settle_attempts
-- A receipt may have moved an attempt on already: then only the evidence is added. The later of two
-- times stays: `due` tells by it that the clock was set back.
UPDATE attempt
SET state = CASE
        WHEN state = 'sending' OR code = 'sender_died' THEN item.value ->> 2 ELSE state
    END,
    code = CASE WHEN state = 'sending' OR code = 'sender_died' THEN item.value ->> 5 ELSE code END,
    provider = item.value ->> 3, settled_at = max(coalesce(settled_at, ''), item.value ->> 4),
    detail = item.value ->> 6,
    provider_id = coalesce(nullif(item.value ->> 7, ''), provider_id)
FROM json_each(:items) AS item
WHERE delivery_id = item.value ->> 0 AND n = item.value ->> 1

-- name: perhaps_sent
SELECT 1 FROM attempt WHERE delivery_id = :delivery_id AND n < :n AND state = 'unknown'

-- name: settle_delivery
UPDATE delivery
SET state = :state,
    code = CASE :state
        WHEN 'cancelled' THEN 'cancelled' WHEN 'not_needed' THEN 'site_acknowledged' ELSE :code
    END,
    refusals = refusals + :refused,
    next_attempt_at = coalesce(:retry_at, next_attempt_at),
    accepted_at = CASE WHEN :state = 'accepted' THEN :at ELSE accepted_at END,
    ended_at = CASE WHEN :state IN ('failed', 'cancelled', 'not_needed') THEN :at ELSE ended_at END
WHERE id = :delivery_id AND (
    (state = 'sending' AND attempts = :n)
    -- Given up for dead, its sender was only late: what it saw still counts.
    OR (
        state IN ('queued', 'sending', 'unknown')
        AND (attempts = :n OR :state = 'accepted')
        AND NOT (state = 'queued' AND :state = 'unknown')
        AND EXISTS (
            SELECT 1 FROM attempt
            WHERE attempt.delivery_id = delivery.id AND attempt.n = :n
                AND attempt.state = 'unknown' AND attempt.code = 'sender_died'
        )
    )
)

-- name: nothing_left
-- What was unknown because of another attempt, until that one turns out not to have arrived either.
UPDATE delivery
SET ended_at = coalesce(ended_at, :at),
    state = CASE code
        WHEN 'expired' THEN 'expired'
        WHEN 'cancelled' THEN 'cancelled' WHEN 'not_vetted' THEN 'cancelled'
        WHEN 'site_acknowledged' THEN 'not_needed'
        ELSE 'failed'
    END
WHERE id IN (SELECT value FROM json_each(:ids)) AND state = 'unknown' AND NOT EXISTS (
    SELECT 1 FROM attempt
    WHERE attempt.delivery_id = delivery.id
        AND attempt.state IN ('sending', 'unknown', 'accepted', 'delivered')
)

-- name: settle_overtaken
-- The receipt came before our own commit: the hand-over was accepted, at the latest, now.
UPDATE delivery SET accepted_at = min(coalesce(accepted_at, :at), :at)
WHERE id = :delivery_id AND state IN ('accepted', 'delivered', 'undelivered')

-- name: lost_deliveries
UPDATE delivery SET state = 'unknown', code = 'sender_died'
WHERE alert_id = :alert_id AND state = 'sending' AND id IN (
    SELECT attempt.delivery_id FROM sender
    JOIN attempt ON attempt.sender_id = sender.id AND attempt.state = 'sending'
    WHERE sender.id = :sender_id AND sender.lease_until = :lease_until
)

-- name: lost_attempts
UPDATE attempt SET state = 'unknown', code = 'sender_died', settled_at = :now
WHERE state = 'sending' AND sender_id = (
    SELECT id FROM sender WHERE id = :sender_id AND lease_until = :lease_until
)

-- name: bury_sender
UPDATE sender SET lease_until = '' WHERE id = :sender_id AND lease_until = :lease_until

-- name: requeue_unknown
-- What was refused for good since would be refused again.
UPDATE delivery SET state = 'queued', next_attempt_at = :now
WHERE alert_id = :alert_id AND state = 'unknown'
    AND (SELECT coalesce(cancelled_at, closed_at) FROM alert WHERE id = :alert_id) IS NULL
    AND NOT EXISTS (
        SELECT 1 FROM alert_site
        WHERE alert_site.alert_id = :alert_id AND alert_site.site_id = delivery.site_id
            AND alert_site.stopped_at IS NOT NULL
    )
    AND NOT EXISTS (
        SELECT 1 FROM attempt
        WHERE attempt.delivery_id = delivery.id AND attempt.n = delivery.attempts
            AND attempt.state = 'failed'
    )

-- name: expire
-- Too late to be sent again is not the same as never sent.
UPDATE delivery
SET code = 'expired', ended_at = :now,
    state = CASE WHEN EXISTS (
        SELECT 1 FROM attempt WHERE attempt.delivery_id = delivery.id AND attempt.state = 'unknown'
    ) THEN 'unknown' ELSE 'expired' END
WHERE alert_id = :alert_id AND state = 'queued'
    AND (:over OR (SELECT expires_at FROM alert WHERE id = :alert_id) <= :now)
