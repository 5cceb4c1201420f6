-- name: of_incident
-- The alerts of an incident, the first one first.
SELECT * FROM alert_linked
WHERE id = :incident_id OR incident_id = :incident_id
ORDER BY id

-- name: incident
SELECT coalesce(incident_id, id) AS incident_id FROM alert WHERE id = :alert_id

-- name: replies
SELECT * FROM reply_read
WHERE alert_id IN (
    SELECT id FROM alert WHERE id = :incident_id OR incident_id = :incident_id
)
ORDER BY id

-- name: clear_told
DROP TABLE IF EXISTS temp.told

-- name: told
-- Every message of an incident's alerts. Of one that was cancelled those count that may have arrived
-- and were not corrected: to everybody else it is as if it had never been. `has`: it may have
-- arrived. `words`: it says what `same` alerts say, and has arrived, may have, may still leave, or
-- was not needed since its site has answered.
CREATE TEMP TABLE told AS
SELECT
    contact_id, site_id, channel, address, state, has,
    same AND (has OR state NOT IN ('failed', 'expired', 'cancelled')) AS words
FROM (
    SELECT
        delivery.contact_id, delivery.site_id, delivery.channel, delivery.address, delivery.state,
        alert.cancelled_at IS NOT NULL AS cancelled,
        alert.id IN (SELECT value FROM json_each(:same)) AS same,
        EXISTS (
            SELECT 1 FROM attempt
            WHERE attempt.delivery_id = delivery.id
                AND attempt.state IN ('sending', 'accepted', 'unknown', 'delivered')
        ) AS has,
        alert.cancelled_at IS NOT NULL AND EXISTS (
            SELECT 1 FROM alert AS later
            JOIN delivery AS correction ON correction.alert_id = later.id
            WHERE later.follows_id = alert.id AND later.follows_as = 'correction'
                AND correction.contact_id = delivery.contact_id
                AND correction.state NOT IN (
                    'undelivered', 'failed', 'expired', 'cancelled', 'not_needed'
                )
        ) AS corrected
    FROM alert JOIN delivery ON delivery.alert_id = alert.id
    WHERE (alert.id = :incident_id OR alert.incident_id = :incident_id)
        AND coalesce(alert.follows_as, '') NOT IN ('correction', 'closing')
)
WHERE NOT cancelled OR (has AND NOT corrected)

-- name: clear_guard
DROP TABLE IF EXISTS temp.guard

-- name: guard
-- The contacts of an incident. `here`: still of a site that was alerted.
CREATE TEMP TABLE guard AS
SELECT
    told.contact_id, max(told.site_id = contact.site_id) AS here, max(told.has) AS has,
    max(told.state IN ('queued', 'sending')) AS waiting, max(told.state = 'not_needed') AS spared
FROM temp.told JOIN contact ON contact.id = told.contact_id
GROUP BY told.contact_id

-- name: clear_said
DROP TABLE IF EXISTS temp.said

-- name: said
-- The answers that count. `for_all`: where one answer is enough for its site.
CREATE TEMP TABLE said (
    site_ref TEXT NOT NULL, contact_ref TEXT NOT NULL, audience TEXT NOT NULL,
    for_all INTEGER NOT NULL,
    PRIMARY KEY (site_ref, contact_ref)
) WITHOUT ROWID

-- name: fill_said
INSERT INTO temp.said
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(:answers)

-- name: fill_in_area
-- The sites of the incident, as far from the alert's centre as they are.
INSERT INTO temp.in_area (site_id, distance_m, approved, ref, name, lat, lon, cell)
SELECT
    site.id, ST_Distance(site.geom, MakePoint(:lon, :lat, 4326), 1), site.status = 'approved',
    site.ref, site.name, site.lat, site.lon, site.cell
FROM site WHERE site.id IN (SELECT site_id FROM temp.told)

-- name: fill_follow_up
-- By the addresses, the channels and the vetting of this moment; who has an alert is told more
-- off duty, too.
INSERT INTO temp.person
SELECT
    id, site_id, distance_m, language, certified,
    iif(
        :sms AND certified AND phone_kind = 'mobile'
            AND (channels IS NULL OR instr(channels, 'sms')),
        phone, NULL
    ),
    iif(:voice AND certified AND (channels IS NULL OR instr(channels, 'voice')), phone, NULL),
    iif(:email AND certified AND (channels IS NULL OR instr(channels, 'email')), email, NULL),
    channels
FROM (
    SELECT
        contact.*, coalesce(in_area.distance_m, 0.0) AS distance_m,
        contact.status = 'certified' AND guard.here AND coalesce(in_area.approved, 0) AS certified
    FROM temp.guard
    JOIN contact ON contact.id = guard.contact_id
    JOIN site ON site.id = contact.site_id
    LEFT JOIN temp.in_area ON in_area.site_id = contact.site_id
    WHERE CASE :audience
        WHEN 'all' THEN 1
        WHEN 'unreached' THEN NOT (guard.has OR guard.waiting OR guard.spared)
        WHEN 'unanswered' THEN guard.has AND NOT EXISTS (
            SELECT 1 FROM temp.said
            WHERE said.site_ref = site.ref
                AND (said.contact_ref IN ('', contact.ref) OR said.for_all)
        )
        ELSE EXISTS (
            SELECT 1 FROM temp.said
            WHERE said.site_ref = site.ref AND said.contact_ref IN ('', contact.ref)
                AND said.audience = :audience
        )
    END
)

-- name: fill_closing
-- Whoever has an alert of the incident or may have it, by the channels that brought it.
INSERT INTO temp.person
SELECT
    id, site_id, distance_m, language, certified,
    iif(certified, sms, NULL), iif(certified, voice, NULL), iif(certified, email, NULL), NULL
FROM (
    SELECT
        contact.id, contact.site_id, coalesce(in_area.distance_m, 0.0) AS distance_m,
        contact.language,
        contact.status = 'certified' AND coalesce(in_area.approved, 0)
            AND max(told.site_id = contact.site_id) AS certified,
        max(iif(:sms AND told.channel = 'sms' AND told.address = contact.phone, address, NULL))
            AS sms,
        max(iif(:voice AND told.channel = 'voice' AND told.address = contact.phone, address, NULL))
            AS voice,
        max(iif(:email AND told.channel = 'email' AND told.address = contact.email, address, NULL))
            AS email
    FROM temp.told
    JOIN contact ON contact.id = told.contact_id
    LEFT JOIN temp.in_area ON in_area.site_id = contact.site_id
    WHERE told.has
    GROUP BY contact.id
)

-- name: left_out
SELECT
    not_certified - card_expired AS contact_not_certified,
    card_expired AS contact_card_expired, contact_without_usable_address
FROM (
    SELECT
        count(*) FILTER (WHERE NOT certified) AS not_certified,
        (
            SELECT count(*) FROM temp.person JOIN contact ON contact.id = contact_id
            WHERE NOT certified AND contact.status = 'expired'
        ) AS card_expired,
        count(*) FILTER (WHERE certified AND coalesce(sms, voice, email) IS NULL)
            AS contact_without_usable_address
    FROM temp.person
)

-- name: drop_people
DELETE FROM temp.person WHERE contact_id IN (SELECT contact_id FROM temp.told WHERE words)

-- name: drop_addresses
-- Nor anybody else at a number or a mailbox where these words have gone.
UPDATE temp.person SET
    sms = iif(sms IN (SELECT address FROM temp.told WHERE words), NULL, sms),
    voice = iif(voice IN (SELECT address FROM temp.told WHERE words), NULL, voice),
    email = iif(email IN (SELECT address FROM temp.told WHERE words), NULL, email)

-- name: close
UPDATE alert SET closed_at = :now, closed_by = :operator, outcome = :outcome
WHERE (id = :incident_id OR incident_id = :incident_id) AND closed_at IS NULL

-- name: stopped
-- How many messages the closing of an incident has stopped.
SELECT count(*) AS n
FROM alert JOIN delivery ON delivery.alert_id = alert.id
WHERE (alert.id = :incident_id OR alert.incident_id = :incident_id)
    AND delivery.code = 'cancelled' AND delivery.ended_at = alert.closed_at

-- name: waves
-- What a report says of each alert of an incident.
SELECT
    alert_linked.*,
    (SELECT count(DISTINCT contact_id) FROM delivery WHERE alert_id = alert_linked.id) AS people,
    (SELECT count(*) FROM alert_site WHERE alert_id = alert_linked.id) AS sites,
    (
        SELECT min(accepted_at) FROM delivery
        WHERE alert_id = alert_linked.id AND channel = 'sms' AND accepted_at IS NOT NULL
    ) AS first_sms_at
FROM alert_linked
WHERE id = :incident_id OR incident_id = :incident_id
ORDER BY id
