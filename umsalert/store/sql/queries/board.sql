-- name: incident
-- The alert, and all that are one incident with it.
WITH first (id) AS (SELECT coalesce(incident_id, id) FROM alert WHERE id = :alert_id)
SELECT
    alert.id, alert.ref, alert.incident_at, alert.expires_at,
    alert.cancelled_at IS NOT NULL OR alert.closed_at IS NOT NULL AS stopped
FROM alert
WHERE alert.id IN (
    SELECT id FROM first
    UNION ALL
    SELECT later.id FROM first JOIN alert AS later ON later.incident_id = first.id
)
ORDER BY alert.id

-- name: tally
-- Answers of one alert. Photos are counted in the whole file: few, and none is ever removed.
SELECT
    count(*) AS replies, count(undone_at) AS taken_back,
    coalesce((SELECT max(id) FROM photo), 0) AS last_photo_id
FROM reply WHERE alert_id = :alert_id

-- name: amended
-- Answers that were taken back, or that have photos.
SELECT
    id, undone_at, (SELECT count(*) FROM photo WHERE photo.reply_id = reply.id) AS photos
FROM reply
WHERE alert_id = :alert_id
    AND (undone_at IS NOT NULL OR id IN (SELECT reply_id FROM photo))

-- name: sites
SELECT site_id, ref, name, lat, lon, distance_m FROM alert_site WHERE alert_id = :alert_id
ORDER BY distance_m, ref

-- name: reach
SELECT
    site_id, max(CASE state WHEN 'delivered' THEN 2 WHEN 'accepted' THEN 1 ELSE 0 END) AS reach
FROM delivery WHERE alert_id = :alert_id
GROUP BY site_id
