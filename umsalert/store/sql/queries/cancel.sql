-- name: cancel
UPDATE alert SET cancelled_at = :now, cancelled_by = :operator, cancel_reason = :reason
WHERE id = :alert_id AND cancelled_at IS NULL

-- name: cancel_queued
-- What may have left with an earlier attempt is unknown, as it is when an alert expires.
UPDATE delivery
SET code = 'cancelled', ended_at = :now,
    state = CASE WHEN EXISTS (
        SELECT 1 FROM attempt WHERE attempt.delivery_id = delivery.id AND attempt.state = 'unknown'
    ) THEN 'unknown' ELSE 'cancelled' END
WHERE alert_id = :alert_id AND state = 'queued'

-- name: cancellation
-- An alert of a closed incident is over, too.
SELECT
    coalesce(cancelled_at, closed_at) AS cancelled_at, coalesce(cancelled_by, closed_by) AS cancelled_by,
    cancel_reason, cancelled_at IS NULL AS closed
FROM alert
WHERE id = :alert_id AND (cancelled_at IS NOT NULL OR closed_at IS NOT NULL)

-- name: clear_holder
DROP TABLE IF EXISTS temp.holder

-- name: holder
-- Every message that left or may have left with any of its attempts, in the order of sending.
CREATE TEMP TABLE holder AS
SELECT
    delivery.id AS delivery_id, delivery.contact_id, delivery.site_id, delivery.channel,
    delivery.address, delivery.language, delivery.state, handed.certain,
    contact.status = 'certified' AND site.status = 'approved'
        AND contact.site_id = delivery.site_id AS certified,
    coalesce(delivery.address IN (contact.phone, contact.email), 0) AS current,
    EXISTS (
        SELECT 1 FROM alert AS later
        JOIN delivery AS told ON told.alert_id = later.id
        WHERE later.follows_id = delivery.alert_id AND later.follows_as = 'correction'
            AND told.contact_id = delivery.contact_id AND told.channel = delivery.channel
            AND told.state NOT IN ('undelivered', 'failed', 'expired', 'cancelled', 'not_needed')
    ) AS corrected
FROM delivery
JOIN (
    SELECT
        attempt.delivery_id,
        max(attempt.state IN ('accepted', 'delivered')) AS certain
    FROM attempt
    JOIN delivery ON delivery.id = attempt.delivery_id
    WHERE delivery.alert_id = :alert_id
        AND attempt.state IN ('sending', 'accepted', 'unknown', 'delivered')
    GROUP BY attempt.delivery_id
) AS handed ON handed.delivery_id = delivery.id
JOIN contact ON contact.id = delivery.contact_id
JOIN site ON site.id = delivery.site_id
ORDER BY delivery.id

-- name: holders
SELECT
    alert_site.ref AS site_ref, alert_site.name AS site_name, alert_site.distance_m,
    contact.ref AS contact_ref, holder.channel, holder.state, holder.certain, holder.corrected,
    holder.certified AND holder.current AS vetted
FROM temp.holder
JOIN contact ON contact.id = holder.contact_id
JOIN alert_site ON alert_site.site_id = holder.site_id
WHERE alert_site.alert_id = :alert_id
ORDER BY alert_site.distance_m, alert_site.ref, contact.ref, holder.delivery_id

-- name: fill_in_area
-- The sites of the earlier alert in the place of those of a selection.
INSERT INTO temp.in_area (site_id, distance_m, approved, ref, name, lat, lon, cell)
SELECT
    alert_site.site_id, alert_site.distance_m, site.status = 'approved', site.ref, site.name,
    site.lat, site.lon, site.cell
FROM alert_site JOIN site ON site.id = alert_site.site_id
WHERE alert_site.alert_id = :alert_id

-- name: fill_person
INSERT INTO temp.person
SELECT
    holder.contact_id, holder.site_id, in_area.distance_m, holder.language, 1 AS certified,
    max(iif(channel = 'sms', address, NULL)) AS sms,
    max(iif(channel = 'voice', address, NULL)) AS voice,
    max(iif(channel = 'email', address, NULL)) AS email,
    NULL
FROM temp.holder
JOIN temp.in_area ON in_area.site_id = holder.site_id
WHERE certified AND current AND NOT corrected
    AND channel IN (SELECT value FROM json_each(:channels))
GROUP BY holder.contact_id

-- name: left_out
SELECT
    count(DISTINCT CASE WHEN NOT certified AND status <> 'expired' THEN contact_id END)
        AS contact_not_certified,
    count(DISTINCT CASE WHEN NOT certified AND status = 'expired' THEN contact_id END)
        AS contact_card_expired,
    count(DISTINCT CASE WHEN certified AND NOT current THEN contact_id END)
        AS contact_without_usable_address
FROM (
    SELECT holder.*, contact.status
    FROM temp.holder JOIN contact ON contact.id = holder.contact_id
)
WHERE NOT corrected AND channel IN (SELECT value FROM json_each(:channels))
