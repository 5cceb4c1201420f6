-- name: insert_alert
INSERT INTO alert (
    ref, template, lat, lon, radius_m, polygon, area, channels, variables, reason,
    exercise, priority,
    unknown_policy, time_zone, incident_at, created_at, expires_at, operator, left_out,
    idempotency_key, request_hash, follows_id, follows_as, follows_to, cell_rate_per_s, cell_burst,
    stop_when_acknowledged, expected, off_duty, approved_by, spread,
    incident_id
) VALUES (
    :ref, :template, :lat, :lon, :radius_m, :polygon, :area, :channels, :variables, :reason,
    :exercise, :priority,
    :unknown_policy, :time_zone, :incident_at, :created_at, :expires_at, :operator, :left_out,
    :idempotency_key, :request_hash, :follows_id, :follows_as, :follows_to, :cell_rate_per_s,
    :cell_burst,
    :stop_when_acknowledged, :expected, :off_duty, :approved_by, :spread,
    (SELECT coalesce(incident_id, id) FROM alert WHERE id = :follows_id)
)

-- name: insert_text
INSERT INTO alert_text (alert_id, channel, language, subject, body, html, parts, encoding)
VALUES (:alert_id, :channel, :language, :subject, :body, :html, :parts, :encoding)

-- name: insert_sites
INSERT INTO alert_site (alert_id, site_id, ref, name, lat, lon, distance_m)
SELECT :alert_id, site_id, ref, name, lat, lon, distance_m
FROM temp.in_area
WHERE site_id IN (
    SELECT site_id FROM temp.person WHERE coalesce(sms, voice, email) IS NOT NULL
)

-- name: insert_deliveries
-- In the order of sending, every site's first contact, cells in turn, whoever wants the channel
-- first, nearest first: the queue is read by id. The radio network carries no e-mail.
INSERT INTO delivery (
    alert_id, site_id, contact_id, channel, address, language, cell, next_attempt_at, queued_at
)
WITH ranked AS (
    SELECT
        person.*, dense.cell, coalesce(dense.round, 0) AS round,
        row_number() OVER (PARTITION BY site_id ORDER BY contact_id) AS rank
    FROM temp.person LEFT JOIN temp.dense USING (contact_id)
    WHERE certified
),
message AS (
    SELECT
        *, 'sms' AS channel, sms AS address, coalesce(
            (voice IS NOT NULL AND instr(channels, 'voice') < instr(channels, 'sms'))
            + (email IS NOT NULL AND instr(channels, 'email') < instr(channels, 'sms')), 0
        ) AS wanted_earlier
    FROM ranked
    UNION ALL
    SELECT
        *, 'voice', voice, coalesce(
            (sms IS NOT NULL AND instr(channels, 'sms') < instr(channels, 'voice'))
            + (email IS NOT NULL AND instr(channels, 'email') < instr(channels, 'voice')), 0
        )
    FROM ranked
    UNION ALL
    SELECT
        *, 'email', email, coalesce(
            (sms IS NOT NULL AND instr(channels, 'sms') < instr(channels, 'email'))
            + (voice IS NOT NULL AND instr(channels, 'voice') < instr(channels, 'email')), 0
        )
    FROM ranked
)
SELECT
    :alert_id, site_id, contact_id, channel, address, language,
    iif(channel = 'email', NULL, cell), :now, :now
FROM message
WHERE address IS NOT NULL
ORDER BY rank, round, wanted_earlier, distance_m, contact_id

-- name: ref
SELECT ref FROM alert WHERE id = :alert_id

-- name: sites
SELECT count(*) AS n FROM alert_site WHERE alert_id = :alert_id

-- name: by_ref
SELECT * FROM alert_linked WHERE ref = :ref

-- name: by_part
-- Nothing is a part of every reference: a variable of a script that is not set.
SELECT * FROM alert_linked WHERE trim(:part) <> '' AND instr(ref, :part) > 0 ORDER BY id DESC LIMIT 2

-- name: by_key
SELECT * FROM alert_linked WHERE idempotency_key = :key

-- name: newest
SELECT * FROM alert_linked ORDER BY id DESC LIMIT :limit

-- name: counts
SELECT channel, state, n FROM delivery_count WHERE alert_id = :alert_id AND n > 0

-- name: texts
SELECT * FROM alert_text WHERE alert_id = :alert_id ORDER BY channel DESC, language DESC

-- name: radii
-- Of circles and polygons; nobody types how large a département is.
SELECT radius_m FROM alert
WHERE template = :template AND exercise = :exercise AND cancelled_at IS NULL
    AND area ->> 'divisions' IS NULL AND area ->> 'everywhere' IS NULL
ORDER BY id DESC

-- name: open
-- Alerts that are not over and whose circle, or the circle around whose polygon, overlaps: of each
-- incident the newest one.
SELECT *, max(id) FROM alert_linked
WHERE expires_at > :now AND exercise = :exercise
    AND cancelled_at IS NULL AND closed_at IS NULL
    AND coalesce(follows_as, 'first') IN ('first', 'widened', 'recentered')
    AND ST_Distance(MakePoint(lon, lat, 4326), MakePoint(:lon, :lat, 4326), 1)
        <= radius_m + :radius_m
GROUP BY incident_ref
ORDER BY id DESC
