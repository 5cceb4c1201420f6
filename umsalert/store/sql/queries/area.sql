-- name: clear
-- A selection starts from nothing; temporary tables belong to one connection.
DROP TABLE IF EXISTS temp.in_area

-- name: create
CREATE TEMP TABLE in_area (
    site_id INTEGER PRIMARY KEY, distance_m REAL NOT NULL, approved INTEGER NOT NULL,
    hours TEXT, time_zone TEXT NOT NULL
)

-- name: fill_circle
-- The R*Tree box first, then the exact distance on the ellipsoid (the last argument, 1).
INSERT OR IGNORE INTO temp.in_area
SELECT site_id, distance_m, status = 'approved', hours, time_zone
FROM (
    SELECT
        site.id AS site_id, site.status, site.hours, site.time_zone,
        ST_Distance(site.geom, MakePoint(:lon, :lat, 4326), 1) AS distance_m
    FROM idx_site_geom AS box
    JOIN site ON site.id = box.pkid
    WHERE box.xmin <= :east AND box.xmax >= :west AND box.ymin <= :north AND box.ymax >= :south
)
WHERE distance_m <= :limit_m

-- name: fill_polygon
-- RFC 7946: edges are straight in longitude and latitude, so the test is a plane one; edges count.
INSERT OR IGNORE INTO temp.in_area
SELECT
    site.id, ST_Distance(site.geom, MakePoint(:lon, :lat, 4326), 1), site.status = 'approved',
    site.hours, site.time_zone
FROM idx_site_geom AS box
JOIN site ON site.id = box.pkid
WHERE box.xmin <= :east AND box.xmax >= :west AND box.ymin <= :north AND box.ymax >= :south
    AND ST_Intersects(SetSRID(GeomFromGeoJSON(:polygon), 4326), site.geom) = 1

-- name: schedules
SELECT DISTINCT hours, time_zone FROM temp.in_area WHERE approved AND hours IS NOT NULL

-- name: clear_target
DROP TABLE IF EXISTS temp.target

-- name: target
-- One row per message: vetted, on duty, reachable by a wanted channel; an address once, for its
-- nearest site. Rows stand in the order of sending: every site's first contact, nearest first.
CREATE TEMP TABLE target AS
WITH present AS (
    SELECT site_id, distance_m FROM temp.in_area
    WHERE approved AND NOT (
        hours IS NOT NULL
        AND (hours, time_zone) IN (
            SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]')
            FROM json_each(:off_duty)
        )
    )
),
person AS (
    SELECT
        contact.id AS contact_id, contact.site_id, contact.phone, contact.phone_kind,
        contact.email, contact.language, present.distance_m,
        row_number() OVER (PARTITION BY contact.site_id ORDER BY contact.id) AS rank
    FROM present
    JOIN contact ON contact.site_id = present.site_id
    WHERE contact.status = 'certified'
),
message AS (
    SELECT *, 'sms' AS channel, phone AS address FROM person
    WHERE :sms AND phone_kind = 'mobile'
    UNION ALL
    SELECT *, 'voice', phone FROM person WHERE :voice AND phone IS NOT NULL
    UNION ALL
    SELECT *, 'email', email FROM person WHERE :email AND email IS NOT NULL
),
numbered AS (
    SELECT *, row_number() OVER (
        PARTITION BY channel, address ORDER BY distance_m, contact_id
    ) AS copy
    FROM message
)
SELECT contact_id, site_id, channel, address, language, distance_m, rank, copy
FROM numbered
ORDER BY rank, distance_m, contact_id

-- name: target_sites
SELECT site.id, site.ref, site.name, site.lat, site.lon, in_area.distance_m
FROM temp.in_area
JOIN site ON site.id = in_area.site_id
WHERE in_area.site_id IN (SELECT site_id FROM temp.target WHERE copy = 1)
ORDER BY in_area.distance_m, site.id

-- name: target_counts
SELECT channel, count(*) AS n FROM temp.target WHERE copy = 1 GROUP BY channel

-- name: target_people
SELECT count(DISTINCT contact_id) AS contacts FROM temp.target WHERE copy = 1

-- name: target_languages
SELECT DISTINCT language FROM temp.target WHERE copy = 1

-- name: left_out
-- Sites, contacts and messages inside the area that get nothing, by the first reason that holds.
WITH off AS (
    SELECT site_id FROM temp.in_area
    WHERE approved AND hours IS NOT NULL AND (hours, time_zone) IN (
        SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(:off_duty)
    )
),
present AS (
    SELECT site_id FROM temp.in_area
    WHERE approved AND site_id NOT IN (SELECT site_id FROM off)
)
SELECT
    (SELECT count(*) FROM temp.in_area WHERE NOT approved) AS site_not_approved,
    (SELECT count(*) FROM off) AS site_off_duty,
    (
        SELECT count(*) FROM present WHERE NOT EXISTS (
            SELECT 1 FROM contact
            WHERE contact.site_id = present.site_id AND contact.status = 'certified'
        )
    ) AS site_without_certified_contact,
    (
        SELECT count(*) FROM present JOIN contact ON contact.site_id = present.site_id
        WHERE contact.status <> 'certified'
    ) AS contact_not_certified,
    (
        SELECT count(*) FROM present JOIN contact ON contact.site_id = present.site_id
        WHERE contact.status = 'certified'
            AND contact.id NOT IN (SELECT contact_id FROM temp.target)
    ) AS contact_without_usable_address,
    (SELECT count(*) FROM temp.target WHERE copy > 1) AS address_used_twice

-- name: nearest
SELECT
    site.ref, site.name, site.commune,
    ST_Distance(site.geom, MakePoint(:lon, :lat, 4326), 1) AS distance_m
FROM idx_site_geom AS box
JOIN site ON site.id = box.pkid
WHERE box.xmin <= :east AND box.xmax >= :west AND box.ymin <= :north AND box.ymax >= :south
ORDER BY distance_m, site.id
LIMIT 1

-- name: around
-- The index alone: its 32-bit coordinates are right to the metre, enough for a drawing.
SELECT pkid AS site_id, (ymin + ymax) / 2 AS lat, (xmin + xmax) / 2 AS lon
FROM idx_site_geom
WHERE xmin <= :east AND xmax >= :west AND ymin <= :north AND ymax >= :south
