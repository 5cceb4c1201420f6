-- name: open_sender
INSERT INTO sender (alert_id, pid, host, operator, started_at, lease_until)
VALUES (:alert_id, :pid, :host, :operator, :now, :lease_until)

-- name: renew_sender
UPDATE sender SET lease_until = :lease_until WHERE id = :sender_id

-- name: sender_alert
SELECT alert.* FROM sender JOIN alert ON alert.id = sender.alert_id WHERE sender.id = :sender_id

-- name: other_leases
SELECT max(lease_until) AS lease_until FROM sender
WHERE alert_id = :alert_id AND lease_until > :now

-- name: bucket
SELECT tokens, refilled_at FROM rate_bucket WHERE channel = :channel

-- name: save_bucket
INSERT INTO rate_bucket (channel, tokens, refilled_at) VALUES (:channel, :tokens, :now)
ON CONFLICT (channel) DO UPDATE SET tokens = excluded.tokens, refilled_at = excluded.refilled_at

-- name: due
-- The next messages in order of sending, each with whether its people are still vetted.
SELECT
    delivery.id, delivery.address, delivery.language, delivery.attempts, delivery.refusals,
    (
        SELECT count(*) FROM attempt
        WHERE attempt.delivery_id = delivery.id AND attempt.state = 'unknown'
    ) AS unknowns,
    site.status = 'approved' AND contact.status = 'certified' AS vetted
FROM delivery INDEXED BY delivery_queue
JOIN site ON site.id = delivery.site_id
JOIN contact ON contact.id = delivery.contact_id
WHERE delivery.alert_id = :alert_id AND delivery.channel = :channel
    AND delivery.state = 'queued' AND delivery.next_attempt_at <= :now
ORDER BY delivery.id
LIMIT :n

-- name: next_due
SELECT min(next_attempt_at) AS at FROM delivery INDEXED BY delivery_queue
WHERE alert_id = :alert_id AND channel = :channel AND state = 'queued'

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
WHERE id = :id

-- name: insert_attempt
INSERT INTO attempt (delivery_id, n, sender_id, token_sha256, started_at, deadline_at)
VALUES (:id, :n, :sender_id, :token_sha256, :now, :deadline_at)

-- name: is_cancelled
SELECT 1 FROM delivery JOIN alert ON alert.id = delivery.alert_id
WHERE delivery.id = :delivery_id AND alert.cancelled_at IS NOT NULL

-- name: settle_attempt
-- A receipt may have moved the attempt on already: then only the evidence is added.
UPDATE attempt
SET state = CASE WHEN state = 'sending' OR code = 'sender_died' THEN :attempt_state ELSE state END,
    code = CASE WHEN state = 'sending' OR code = 'sender_died' THEN :code ELSE code END,
    detail = :detail, provider = :provider, settled_at = :at,
    provider_id = CASE WHEN :provider_id = '' THEN provider_id ELSE :provider_id END
WHERE delivery_id = :delivery_id AND n = :n

-- name: perhaps_sent
SELECT 1 FROM attempt WHERE delivery_id = :delivery_id AND n < :n AND state = 'unknown'

-- name: settle_delivery
UPDATE delivery
SET state = :state, code = CASE WHEN :state = 'cancelled' THEN 'cancelled' ELSE :code END,
    refusals = refusals + :refused,
    next_attempt_at = coalesce(:retry_at, next_attempt_at),
    accepted_at = CASE WHEN :state = 'accepted' THEN :at ELSE accepted_at END,
    ended_at = CASE WHEN :state IN ('failed', 'cancelled') THEN :at ELSE ended_at END
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

-- name: settle_overtaken
-- The receipt came before our own commit: the hand-over was accepted, at the latest, now.
UPDATE delivery SET accepted_at = min(coalesce(accepted_at, :at), :at)
WHERE id = :delivery_id AND state IN ('accepted', 'delivered', 'undelivered')

-- name: lost_deliveries
UPDATE delivery SET state = 'unknown', code = 'sender_died'
WHERE alert_id = :alert_id AND state = 'sending' AND id IN (
    SELECT attempt.delivery_id FROM sender
    JOIN attempt ON attempt.sender_id = sender.id AND attempt.state = 'sending'
    WHERE sender.alert_id = :alert_id AND sender.lease_until <= :now
)

-- name: lost_attempts
UPDATE attempt SET state = 'unknown', code = 'sender_died', settled_at = :now
WHERE state = 'sending' AND sender_id IN (
    SELECT id FROM sender WHERE alert_id = :alert_id AND lease_until <= :now
)

-- name: requeue_unknown
UPDATE delivery SET state = 'queued', next_attempt_at = :now
WHERE alert_id = :alert_id AND state = 'unknown'
    AND (SELECT cancelled_at FROM alert WHERE id = :alert_id) IS NULL

-- name: expire
-- Too late to be sent again is not the same as never sent.
UPDATE delivery
SET code = 'expired', ended_at = :now,
    state = CASE WHEN EXISTS (
        SELECT 1 FROM attempt WHERE attempt.delivery_id = delivery.id AND attempt.state = 'unknown'
    ) THEN 'unknown' ELSE 'expired' END
WHERE alert_id = :alert_id AND state = 'queued'
    AND (SELECT expires_at FROM alert WHERE id = :alert_id) <= :now
