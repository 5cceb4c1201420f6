-- Many alerts taken together. Each subquery stays within one alert, whose deliveries lie together:
-- sorting five million of them at once takes longer than sorting five thousand a thousand times.

-- name: alerts
-- `unaccepted`: sites where nothing was accepted, and whether something was tried there.
WITH counted AS (
    SELECT
        alert_id, sum(n) AS deliveries,
        coalesce(sum(n) FILTER (WHERE state IN ('accepted', 'delivered', 'undelivered')), 0)
            AS accepted,
        coalesce(sum(n) FILTER (WHERE state = 'delivered'), 0) AS delivered
    FROM delivery_count GROUP BY alert_id
)
SELECT
    alert.id, alert.ref, alert.template, alert.operator, alert.exercise, alert.incident_at,
    alert.follows_id IS NULL
        AND NOT EXISTS (SELECT 1 FROM bulletin_run WHERE alert_id = alert.id) AS begins,
    alert.created_at, coalesce(deliveries, 0) AS deliveries, coalesce(accepted, 0) AS accepted,
    coalesce(delivered, 0) AS delivered,
    coalesce((
        SELECT site.commune FROM alert_site JOIN site ON site.id = alert_site.site_id
        WHERE alert_site.alert_id = alert.id
        ORDER BY alert_site.distance_m, alert_site.ref LIMIT 1
    ), '') AS commune,
    (SELECT count(DISTINCT contact_id) FROM delivery WHERE alert_id = alert.id) AS people,
    (SELECT count(*) FROM alert_site WHERE alert_id = alert.id) AS sites,
    (
        SELECT json_group_array(json_array(site_id, tried)) FROM (
            SELECT
                site_id, max(state NOT IN ('queued', 'sending', 'cancelled', 'not_needed')) AS tried
            FROM delivery WHERE alert_id = alert.id
            GROUP BY site_id HAVING count(accepted_at) = 0
        )
    ) AS unaccepted,
    (
        SELECT count(*) FROM (
            SELECT kind, max(id) FROM reply WHERE alert_id = alert.id AND undone_at IS NULL
            GROUP BY site_id, contact_id
        )
        WHERE kind IN ('acknowledged', 'sighting', 'locked_down')
    ) AS acknowledged,
    (
        SELECT accepted_at FROM delivery INDEXED BY delivery_accepted
        WHERE alert_id = alert.id AND accepted_at IS NOT NULL AND channel = 'sms'
        ORDER BY accepted_at LIMIT 1
    ) AS first_sms_at
FROM alert LEFT JOIN counted ON counted.alert_id = alert.id
WHERE alert.created_at >= :since AND alert.created_at < :until
ORDER BY alert.id

-- name: nth_accepted
-- When an alert had one more than `skip` messages accepted.
SELECT accepted_at FROM delivery INDEXED BY delivery_accepted
WHERE alert_id = :alert_id AND accepted_at IS NOT NULL
ORDER BY accepted_at LIMIT 1 OFFSET :skip

-- name: sites
-- Of some sites, how many alerts of a period went there, exercises left out.
SELECT site.ref, site.name, (
    SELECT count(*) FROM alert CROSS JOIN alert_site
        ON alert_site.alert_id = alert.id AND alert_site.site_id = site.id
    WHERE alert.created_at >= :since AND alert.created_at < :until AND NOT alert.exercise
) AS alerted
FROM json_each(:ids) AS wanted JOIN site ON site.id = wanted.value
ORDER BY wanted.key

-- name: dead
SELECT
    contact.ref, site.ref, contact_address.kind, contact_address.failures,
    contact_address.failed_at, contact_address.failed_code
FROM contact_address
JOIN contact ON contact.id = contact_address.contact_id
JOIN site ON site.id = contact.site_id
WHERE contact_address.failures > 0
    AND contact_address.failed_at >= :since AND contact_address.failed_at < :until
ORDER BY contact_address.failures DESC, contact_address.failed_at DESC, contact.ref, contact_address.kind
LIMIT :limit
