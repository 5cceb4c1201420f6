-- name: store
INSERT INTO inbox (provider, topic, key, reference, body, received_at)
VALUES (:provider, :topic, :key, :reference, :body, :now)
ON CONFLICT (provider, key) DO NOTHING

-- name: pending
SELECT id, provider, topic, reference, body FROM inbox
WHERE applied_at IS NULL AND id > :after ORDER BY id LIMIT :limit

-- name: done
-- One process applies a webhook, however many read it.
UPDATE inbox SET applied_at = :now, problem = :problem WHERE id = :id AND applied_at IS NULL

-- name: cut
-- What is nobody's word: an e-mail has up to 256 KiB.
UPDATE inbox SET body = substr(body, 1, :most)
WHERE id = :id AND problem IN ('auto_reply', 'flood')

-- name: is_fresh
SELECT 1 FROM inbox WHERE id = :id AND received_at > :since

-- name: unmatched
UPDATE inbox SET problem = 'unmatched' WHERE id = :id

-- name: hand_over
-- A hand-over by its reference `<alert ref>-<delivery id>-<n>`; n = 0 is the newest.
SELECT delivery.id AS delivery_id, delivery.alert_id, delivery.site_id, delivery.contact_id,
    delivery.address, delivery.channel, delivery.attempts, delivery.state, attempt.n
FROM attempt
JOIN delivery ON delivery.id = attempt.delivery_id
JOIN alert ON alert.id = delivery.alert_id
WHERE attempt.delivery_id = :delivery_id AND alert.ref = :alert_ref
    AND attempt.n = iif(:n = 0, delivery.attempts, :n)

-- name: hand_over_by_id
-- A hand-over by the id that its provider gave it.
SELECT delivery.id AS delivery_id, delivery.alert_id, delivery.site_id, delivery.contact_id,
    delivery.channel, delivery.attempts, delivery.state, attempt.n
FROM attempt
JOIN delivery ON delivery.id = attempt.delivery_id
WHERE attempt.provider_id = :provider_id AND attempt.provider = :provider
    AND attempt.provider_id <> ''

-- name: receipt_attempt
-- Only forward here too, state and code together: accepted < undelivered < delivered.
UPDATE attempt
SET state = :state, code = :code
WHERE delivery_id = :delivery_id AND n = :n AND CASE :state
    WHEN 'accepted' THEN state NOT IN ('accepted', 'undelivered', 'delivered')
    WHEN 'undelivered' THEN state NOT IN ('undelivered', 'delivered')
    ELSE state <> 'delivered'
END

-- name: receipt_evidence
UPDATE attempt
SET provider_id = CASE WHEN provider_id = '' THEN :provider_id ELSE provider_id END,
    receipt_at = :at
WHERE delivery_id = :delivery_id AND n = :n

-- name: receipt_delivery
-- Only forward, by the transition table; a late verdict on an earlier attempt does not undo.
UPDATE delivery
SET state = :state, code = :code,
    accepted_at = coalesce(accepted_at, :at),
    delivered_at = CASE WHEN :state = 'delivered' THEN :at ELSE delivered_at END,
    ended_at = CASE WHEN :state IN ('delivered', 'undelivered') THEN :at ELSE ended_at END
WHERE id = :delivery_id
    AND (:state <> 'undelivered' OR attempts = :n)
    AND EXISTS (
        SELECT 1 FROM delivery_transition WHERE from_state = state AND to_state = :state
    )

-- name: text_of
SELECT alert_text.*
FROM delivery
JOIN alert ON alert.id = delivery.alert_id
JOIN alert_text ON alert_text.alert_id = delivery.alert_id
    AND alert_text.channel = delivery.channel AND alert_text.language = delivery.language
WHERE delivery.id = :delivery_id AND alert.ref = :alert_ref
