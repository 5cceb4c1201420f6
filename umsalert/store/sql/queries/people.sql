-- name: contact
SELECT contact.*, site.ref AS site_ref, site.name AS site_name
FROM contact JOIN site ON site.id = contact.site_id
WHERE contact.ref = :ref

-- name: addresses
SELECT
    kind, proven_at, proven_by, proven_channel, failures, failed_at, failed_code
FROM contact_address WHERE contact_id = :id

-- name: changes
SELECT from_status, to_status, operator, reason, changed_at
FROM status_change WHERE noun = 'contact' AND ref = :ref ORDER BY id

-- name: deliveries
-- By one seek in each alert.
SELECT
    delivery.id, alert.ref AS alert_ref, alert.template, alert.exercise, alert.incident_at,
    alert_site.ref AS site_ref, alert_site.name AS site_name, delivery.channel, delivery.address,
    delivery.language, delivery.state, delivery.code, delivery.queued_at, delivery.first_sent_at,
    delivery.accepted_at, delivery.delivered_at, delivery.ended_at, alert_text.subject,
    alert_text.body AS text
FROM alert
CROSS JOIN delivery ON delivery.alert_id = alert.id AND delivery.contact_id = :id
LEFT JOIN alert_site
    ON alert_site.alert_id = delivery.alert_id AND alert_site.site_id = delivery.site_id
LEFT JOIN alert_text
    ON alert_text.alert_id = delivery.alert_id AND alert_text.channel = delivery.channel
    AND alert_text.language = delivery.language
ORDER BY delivery.id

-- name: attempts
SELECT n, provider, provider_id, state, code, detail, started_at, settled_at, receipt_at
FROM attempt WHERE delivery_id = :id ORDER BY n

-- name: answers
SELECT
    id, alert_ref, site_ref, source, channel, sender, kind, text, direction, seen_at, raw,
    received_at, entered_by, undone_at
FROM reply_read
WHERE contact_id = :id OR (sender <> '' AND addresses(sender))
ORDER BY id

-- name: photos
SELECT id, media_type, width_px, height_px, content, received_at
FROM photo WHERE reply_id = :id ORDER BY id

-- name: received
-- What came in from this person, or about messages to them, as it came.
SELECT inbox.id, provider, topic, reference, body, received_at
FROM inbox
WHERE length(body) > 0 AND (
    id IN (SELECT inbox_id FROM reply WHERE contact_id = :id OR (sender <> '' AND addresses(sender)))
    OR addresses(body)
)
ORDER BY id

-- name: audit
SELECT n, at, operator, action, noun, ref, detail FROM audit
WHERE noun = 'contact' AND ref = :ref ORDER BY n

-- name: open_alerts
-- The alerts to this person that are not over.
SELECT DISTINCT alert.ref
FROM alert
CROSS JOIN delivery ON delivery.alert_id = alert.id AND delivery.contact_id = :id
JOIN alert AS first ON first.id = coalesce(alert.incident_id, alert.id)
WHERE delivery.state IN ('queued', 'sending')
    OR (alert.expires_at > :now AND alert.cancelled_at IS NULL AND first.closed_at IS NULL)
    OR EXISTS (
        SELECT 1 FROM sender WHERE sender.alert_id = alert.id AND sender.lease_until > :now
    )

-- name: shared
-- Which of a contact's name, number and mailbox are those of others too.
SELECT
    coalesce(max(casefolded(name) = casefolded(:name)), 0) AS name,
    coalesce(max(phone = :phone), 0) AS phone,
    coalesce(max(lower(email) = lower(:email)), 0) AS email
FROM contact WHERE id <> :id AND status <> 'erased'

-- name: erase_contact
-- A later change of the row is refused.
UPDATE contact SET
    name = ref, role = NULL, phone = NULL, phone_kind = NULL, email = NULL, card = NULL,
    language = 'fr', named_by = NULL, channels = NULL, hours = NULL, fallback = 0,
    card_valid_until = NULL, status = 'erased', status_by = :status_by, status_at = :status_at
WHERE id = :id

-- name: erase_addresses
UPDATE delivery SET address = ''
WHERE address <> '' AND id IN (
    SELECT message.id FROM alert
    CROSS JOIN delivery AS message ON message.alert_id = alert.id AND message.contact_id = :id
)

-- name: erase_details
UPDATE attempt SET detail = ''
WHERE detail <> '' AND delivery_id IN (
    SELECT message.id FROM alert
    CROSS JOIN delivery AS message ON message.alert_id = alert.id AND message.contact_id = :id
)

-- name: erase_received
UPDATE inbox SET
    body = X'', applied_at = coalesce(applied_at, :status_at),
    problem = iif(applied_at IS NULL, 'erased', problem)
WHERE length(body) > 0 AND id IN (
    SELECT inbox_id FROM reply WHERE contact_id = :id OR (sender <> '' AND addresses(sender))
)

-- name: erase_receipts
UPDATE inbox SET
    body = X'', applied_at = coalesce(applied_at, :status_at),
    problem = iif(applied_at IS NULL, 'erased', problem)
WHERE length(body) > 0 AND addresses(body)

-- name: erase_photos
DELETE FROM photo WHERE reply_id IN (
    SELECT id FROM reply WHERE contact_id = :id OR (sender <> '' AND addresses(sender))
)

-- name: erase_answers
UPDATE reply SET text = '', direction = '', seen_at = NULL, raw = '', sender = ''
WHERE contact_id = :id OR (sender <> '' AND addresses(sender))

-- name: erase_reasons
UPDATE status_change SET reason = '[erased]'
WHERE noun = 'contact' AND ref = :ref AND reason NOT IN ('', '[erased]')

-- name: erase_leader
UPDATE site SET leader = NULL WHERE leader IS NOT NULL AND names(leader) RETURNING ref

-- name: erase_named_by
UPDATE contact SET named_by = NULL WHERE named_by IS NOT NULL AND names(named_by) RETURNING ref

-- name: erase_mentions_in_answers
-- What others wrote of the person.
UPDATE reply SET text = without(text), direction = without(direction), raw = without(raw)
WHERE names(text) OR names(direction) OR names(raw)

-- name: erase_mentions_in_messages
UPDATE inbox SET body = without(body) WHERE length(body) > 0 AND names(body)

-- name: mentioned
-- Words of the record that stay as they were, and name the person.
SELECT DISTINCT alert.ref FROM alert LEFT JOIN alert_text ON alert_text.alert_id = alert.id
WHERE names(alert.variables) OR names(alert.reason) OR names(alert.outcome)
    OR names(alert.cancel_reason) OR names(alert_text.subject) OR names(alert_text.body)
UNION
SELECT ref FROM status_change WHERE noun = 'site' AND names(reason)
UNION
SELECT approval.ref FROM approval, json_tree(approval.request) AS said
WHERE said.type = 'text' AND names(said.value)
