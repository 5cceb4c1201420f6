-- name: of_token
-- The hand-overs of the delivery that a token names; which of them it is, its digest says.
SELECT attempt.token_sha256, delivery.id AS delivery_id, delivery.alert_id, delivery.site_id,
    delivery.contact_id, delivery.channel, attempt.n
FROM delivery JOIN attempt ON attempt.delivery_id = delivery.id
WHERE delivery.id = :delivery_id

-- name: of_sender
-- Messages that have left for a number or a mailbox and may still be answered, newest alert first.
SELECT delivery.id AS delivery_id, delivery.alert_id, delivery.site_id, delivery.contact_id,
    delivery.channel, coalesce(alert.incident_id, alert.id) AS incident_id,
    alert.expires_at > :now AND alert.cancelled_at IS NULL AS open
FROM alert
CROSS JOIN delivery
    ON delivery.alert_id = alert.id AND delivery.contact_id IN (
        SELECT id FROM contact WHERE phone = :sender
        UNION ALL  -- an OR would read every contact
        SELECT id FROM contact WHERE email = :sender COLLATE NOCASE
    )
    AND (delivery.address = :sender OR delivery.address = :sender COLLATE NOCASE)
WHERE alert.expires_at > :since AND alert.closed_at IS NULL AND delivery.first_sent_at IS NOT NULL
    AND (:alert_ref = '' OR alert.ref = :alert_ref OR alert.ref LIKE '%-' || :alert_ref)
ORDER BY alert.id DESC, delivery.id

-- name: names_alert
SELECT 1 FROM alert WHERE ref = :alert_ref OR ref LIKE '%-' || :alert_ref

-- name: of_ref
-- The contact, or else the site, of an alert; where it did not go there, of the newest of its incident
-- that did.
SELECT
    delivery.site_id,
    iif(contact.ref = :ref, contact.id, NULL) AS contact_id,
    iif(contact.ref = :ref, delivery.id, NULL) AS delivery_id,
    delivery.alert_id
FROM delivery
JOIN contact ON contact.id = delivery.contact_id
JOIN alert_site
    ON alert_site.alert_id = delivery.alert_id AND alert_site.site_id = delivery.site_id
WHERE delivery.alert_id IN (
    SELECT id FROM alert
    WHERE coalesce(incident_id, id)
        = (SELECT coalesce(incident_id, id) FROM alert WHERE id = :alert_id)
) AND (contact.ref = :ref OR alert_site.ref = :ref)
ORDER BY
    contact.ref = :ref DESC, delivery.alert_id = :alert_id DESC, delivery.alert_id DESC, delivery.id
LIMIT 1

-- name: insert
INSERT INTO reply (
    alert_id, site_id, contact_id, delivery_id, inbox_id, source, sender, kind, text, direction,
    seen_at, raw, received_at, entered_by
) VALUES (
    :alert_id, :site_id, :contact_id, :delivery_id, :inbox_id, :source, :sender, :kind, :text,
    :direction, :seen_at, :raw, :at, :entered_by
)

-- name: written
-- When the n-th newest of a contact's written answers was taken in, or of a stranger's.
SELECT inbox.received_at
FROM reply INDEXED BY reply_written JOIN inbox ON inbox.id = reply.inbox_id
WHERE reply.source IN ('sms', 'email') AND reply.contact_id IS :contact_id AND reply.sender = :sender
ORDER BY reply.id DESC LIMIT 1 OFFSET :n - 1

-- name: taken
SELECT received_at FROM inbox WHERE id = :inbox_id

-- name: stop_site
-- The first answer of somebody who is still vetted stops what the site has not been sent yet.
UPDATE alert_site SET stopped_at = :now
WHERE alert_id = :alert_id AND site_id = :site_id AND stopped_at IS NULL
    AND (SELECT stop_when_acknowledged FROM alert WHERE id = :alert_id)
    AND (SELECT status FROM contact WHERE id = :contact_id) = 'certified'

-- name: stop_queued
-- By the people of the site, few, and not through the queue. What may have left with an earlier
-- attempt is unknown, as it is when an alert is cancelled.
UPDATE delivery
SET code = 'site_acknowledged', ended_at = :now,
    state = CASE WHEN EXISTS (
        SELECT 1 FROM attempt WHERE attempt.delivery_id = delivery.id AND attempt.state = 'unknown'
    ) THEN 'unknown' ELSE 'not_needed' END
WHERE id IN (
    SELECT message.id
    FROM contact CROSS JOIN delivery AS message
        ON message.alert_id = :alert_id AND message.contact_id = contact.id
    WHERE contact.site_id = :site_id AND message.site_id = :site_id AND message.state = 'queued'
)

-- name: undo
UPDATE reply SET undone_at = :now
WHERE id = (
    SELECT max(id) FROM reply
    WHERE alert_id = :alert_id AND contact_id = :contact_id AND source = 'link'
        AND undone_at IS NULL
) AND id = coalesce(:reply_id, id)

-- name: insert_photo
INSERT INTO photo (reply_id, media_type, width_px, height_px, content, received_at)
VALUES (:reply_id, :media_type, :width_px, :height_px, :content, :at)

-- name: photos
SELECT media_type, width_px, height_px, content FROM photo WHERE reply_id = :reply_id ORDER BY id

-- name: invited
SELECT
    alert.ref AS alert_ref, alert.template, alert.time_zone, alert.exercise, alert.expires_at,
    alert.closed_at, alert.cancelled_at, alert_site.ref AS site_ref, delivery.language AS spoken,
    alert_text.*
FROM delivery
JOIN alert ON alert.id = delivery.alert_id
JOIN alert_site
    ON alert_site.alert_id = delivery.alert_id AND alert_site.site_id = delivery.site_id
JOIN alert_text
    ON alert_text.alert_id = delivery.alert_id AND alert_text.channel = delivery.channel
    AND alert_text.language = delivery.language
WHERE delivery.id = :delivery_id

-- name: of_guard
SELECT * FROM reply_read
WHERE alert_id = :alert_id AND contact_id = :contact_id AND source = 'link' AND undone_at IS NULL
ORDER BY id DESC

-- name: of_alert
SELECT * FROM reply_read WHERE alert_id = :alert_id AND id > :after ORDER BY id

-- name: of_incident
SELECT * FROM reply_read
WHERE alert_id IN (
    SELECT id FROM alert
    WHERE coalesce(incident_id, id)
        = (SELECT coalesce(incident_id, id) FROM alert WHERE id = :alert_id)
) AND id > :after
ORDER BY id

-- name: unmatched
SELECT * FROM reply_read WHERE alert_id IS NULL ORDER BY id

-- name: tie
UPDATE reply
SET alert_id = :alert_id, site_id = :site_id, contact_id = :contact_id,
    delivery_id = :delivery_id, entered_by = :entered_by
WHERE id = :reply_id AND alert_id IS NULL
RETURNING kind, source
