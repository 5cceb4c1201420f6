-- name: begin
CREATE TEMP TABLE IF NOT EXISTS old_alert (id INTEGER PRIMARY KEY)

-- name: forget
DELETE FROM old_alert

-- name: find
-- The alerts of incidents that were over before a moment, every one of their alerts.
INSERT INTO old_alert (id)
SELECT alert.id FROM alert JOIN (
    SELECT coalesce(incident_id, id) AS first_id FROM alert
    GROUP BY first_id HAVING max(expires_at) < :before
) AS incident ON incident.first_id = coalesce(alert.incident_id, alert.id)
WHERE NOT EXISTS (
    SELECT 1 FROM alert AS wave
    JOIN delivery_count ON delivery_count.alert_id = wave.id
    WHERE coalesce(wave.incident_id, wave.id) = incident.first_id
        AND delivery_count.state IN ('queued', 'sending') AND delivery_count.n > 0
) AND NOT EXISTS (
    SELECT 1 FROM alert AS wave
    JOIN sender ON sender.alert_id = wave.id
    WHERE coalesce(wave.incident_id, wave.id) = incident.first_id AND sender.lease_until > :now
)

-- name: photos
DELETE FROM photo WHERE reply_id IN (
    SELECT id FROM reply
    WHERE alert_id IN (SELECT id FROM old_alert) OR (alert_id IS NULL AND received_at < :before)
)

-- name: answers
UPDATE reply SET text = '', direction = '', seen_at = NULL, raw = '', sender = ''
WHERE (
    alert_id IN (SELECT id FROM old_alert) OR (alert_id IS NULL AND received_at < :before)
) AND (text <> '' OR direction <> '' OR raw <> '' OR sender <> '' OR seen_at IS NOT NULL)

-- name: received
UPDATE inbox SET body = X''
WHERE length(body) > 0 AND received_at < :before AND applied_at IS NOT NULL

-- name: addresses
UPDATE delivery SET address = '' WHERE address <> '' AND alert_id IN (SELECT id FROM old_alert)

-- name: details
UPDATE attempt SET detail = ''
WHERE detail <> '' AND delivery_id IN (
    SELECT delivery.id FROM old_alert JOIN delivery ON delivery.alert_id = old_alert.id
)

-- name: texts
UPDATE alert_text SET subject = '', body = '', html = ''
WHERE (subject <> '' OR body <> '' OR html <> '') AND alert_id IN (SELECT id FROM old_alert)

-- name: words
UPDATE alert SET variables = '{}', reason = '', outcome = '', cancel_reason = ''
WHERE id IN (SELECT id FROM old_alert)
    AND (variables <> '{}' OR reason <> '' OR outcome <> '' OR cancel_reason <> '')

-- name: bulletins
-- Those that are over: removed, or due no more.
UPDATE bulletin SET request = json_set(request, '$.values', json('{}'), '$.reason', '')
WHERE next_due IS NULL
    AND max(created_at, coalesce(removed_at, ''), coalesce(
        (SELECT max(begun_at) FROM bulletin_run WHERE bulletin_id = bulletin.id), ''
    )) < :before
    AND request <> json_set(request, '$.values', json('{}'), '$.reason', '')

-- name: approvals
DELETE FROM approval WHERE expires_at < :before

-- name: last_audit
-- The newest of the entries that are all older.
SELECT n, sha256 FROM audit
WHERE n < coalesce((SELECT min(n) FROM audit WHERE at >= :before), 9223372036854775807)
ORDER BY n DESC LIMIT 1

-- name: checkpoint
INSERT INTO audit_checkpoint (n, sha256, at) VALUES (:n, :sha256, :now)

-- name: audit
DELETE FROM audit WHERE n <= :n
