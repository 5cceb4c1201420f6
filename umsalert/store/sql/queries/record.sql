-- Every row of an alert, nearest site first, in no more memory than its sites take: what is sorted
-- is ids, and LIMIT -1 keeps SQLite from dropping the order of what it joins to them.

-- name: make_sites
CREATE TEMP TABLE report_site (
    position INTEGER PRIMARY KEY,
    site_id INTEGER NOT NULL UNIQUE,
    deliveries INTEGER NOT NULL DEFAULT 0,
    accepted INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0,
    not_needed INTEGER NOT NULL DEFAULT 0,
    first_accepted_at TEXT
)

-- name: fill_sites
INSERT INTO temp.report_site (position, site_id)
SELECT row_number() OVER (ORDER BY distance_m, ref), site_id
FROM alert_site WHERE alert_id = :alert_id

-- name: count_sites
INSERT INTO temp.report_site
SELECT
    0, site_id, 1, accepted_at IS NOT NULL, delivered_at IS NOT NULL, state = 'not_needed',
    accepted_at
FROM delivery WHERE alert_id = :alert_id
ON CONFLICT (site_id) DO UPDATE SET
    deliveries = deliveries + 1,
    accepted = accepted + excluded.accepted,
    delivered = delivered + excluded.delivered,
    not_needed = not_needed + excluded.not_needed,
    first_accepted_at = min(
        coalesce(first_accepted_at, excluded.first_accepted_at),
        coalesce(excluded.first_accepted_at, first_accepted_at)
    )

-- name: sites
SELECT
    alert_site.ref AS site_ref, alert_site.name AS site_name, lat, lon, distance_m,
    deliveries, accepted, delivered, not_needed, first_accepted_at
FROM temp.report_site CROSS JOIN alert_site
    ON alert_site.alert_id = :alert_id AND alert_site.site_id = report_site.site_id
WHERE deliveries > 0
ORDER BY position

-- name: counts
SELECT channel, state, n FROM delivery_count WHERE alert_id = :alert_id AND n > 0

-- name: steps
SELECT channel, code, accepted_at, delivered_at FROM delivery WHERE alert_id = :alert_id

-- name: deliveries
-- `repeated`: only those that may have reached their guard more than once.
SELECT
    delivery.id AS delivery_id, alert_site.ref AS site_ref, alert_site.name AS site_name,
    alert_site.distance_m, contact.ref AS contact_ref, contact.name AS contact_name,
    delivery.channel, delivery.address, delivery.language, delivery.state, delivery.code,
    delivery.attempts,
    (
        SELECT count(*) FROM attempt
        WHERE attempt.delivery_id = delivery.id
            AND attempt.state IN ('sending', 'unknown', 'accepted', 'delivered')
    ) AS copies_at_most,
    delivery.queued_at, delivery.first_sent_at, delivery.accepted_at,
    delivery.delivered_at, delivery.ended_at
FROM (
    SELECT delivery.id
    FROM delivery
    JOIN temp.report_site ON report_site.site_id = delivery.site_id
    JOIN contact ON contact.id = delivery.contact_id
    WHERE delivery.alert_id = :alert_id AND (NOT :repeated OR delivery.attempts > 1 AND (
        SELECT count(*) FROM attempt
        WHERE attempt.delivery_id = delivery.id
            AND attempt.state IN ('sending', 'unknown', 'accepted', 'delivered')
    ) > 1)
    ORDER BY report_site.position, contact.ref, delivery.id
    LIMIT -1
) AS ordered
CROSS JOIN delivery ON delivery.id = ordered.id
CROSS JOIN alert_site
    ON alert_site.alert_id = delivery.alert_id AND alert_site.site_id = delivery.site_id
CROSS JOIN contact ON contact.id = delivery.contact_id

-- name: people
SELECT count(*) AS alerted, count(accepted_at) AS reached
FROM (
    SELECT contact_id, min(accepted_at) AS accepted_at
    FROM delivery WHERE alert_id = :alert_id GROUP BY contact_id
)

-- name: faults
-- Messages whose failure tells of their address: the rule of address_fault (migration 0015).
SELECT
    alert_site.ref AS site_ref, alert_site.name AS site_name, alert_site.distance_m,
    contact.ref AS contact_ref, delivery.channel, delivery.state, delivery.code,
    delivery.address IS NOT iif(delivery.channel = 'email', contact.email, contact.phone) AS mended
FROM (
    SELECT delivery.id
    FROM delivery
    JOIN temp.report_site ON report_site.site_id = delivery.site_id
    JOIN contact ON contact.id = delivery.contact_id
    WHERE delivery.alert_id = :alert_id AND delivery.state IN ('failed', 'undelivered') AND (
        SELECT min(blames) FROM address_fault
        WHERE address_fault.channel = delivery.channel AND address_fault.state = delivery.state
            AND delivery.code GLOB address_fault.code
    ) = 1
    ORDER BY report_site.position, contact.ref, delivery.id
    LIMIT -1
) AS ordered
CROSS JOIN delivery ON delivery.id = ordered.id
CROSS JOIN alert_site
    ON alert_site.alert_id = delivery.alert_id AND alert_site.site_id = delivery.site_id
CROSS JOIN contact ON contact.id = delivery.contact_id

-- name: exercises_before
SELECT * FROM alert_linked
WHERE id < :alert_id AND exercise AND template = :template AND follows_id IS NULL
    AND cancelled_at IS NULL
ORDER BY id DESC

-- name: replies
SELECT * FROM reply_read WHERE alert_id = :alert_id ORDER BY id

-- name: replies_by_site
SELECT reply_read.*
FROM (
    SELECT reply.id
    FROM reply JOIN temp.report_site ON report_site.site_id = reply.site_id
    WHERE reply.alert_id = :alert_id
    ORDER BY report_site.position, reply.id
    LIMIT -1
) AS ordered
CROSS JOIN reply_read ON reply_read.id = ordered.id

-- name: told
-- Sightings and the first answers of sites, of a whole incident.
SELECT reply_read.*
FROM (
    SELECT id
    FROM (
        SELECT
            id, kind, received_at, row_number() OVER (PARTITION BY site_id ORDER BY id) AS n
        FROM reply
        WHERE undone_at IS NULL AND alert_id IN (
            SELECT id FROM alert WHERE id = :incident_id OR incident_id = :incident_id
        )
    )
    WHERE n = 1 OR kind = 'sighting'
    ORDER BY received_at, id
    LIMIT -1
) AS ordered
CROSS JOIN reply_read ON reply_read.id = ordered.id
