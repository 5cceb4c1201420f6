-- name: in_area
-- Temporary tables belong to one connection and are made once in its life: each DROP or CREATE
-- would have SQLite prepare every statement about them anew. `on_duty`: somebody certified is.
CREATE TEMP TABLE IF NOT EXISTS in_area (
    site_id INTEGER PRIMARY KEY, distance_m REAL NOT NULL, approved INTEGER NOT NULL,
    hours TEXT, time_zone TEXT, calendar TEXT,
    ref TEXT NOT NULL, name TEXT NOT NULL, lat REAL NOT NULL, lon REAL NOT NULL, cell INTEGER,
    on_duty INTEGER NOT NULL DEFAULT 1
)

-- name: own_hours
-- The certified contacts with hours of their own.
CREATE TEMP TABLE IF NOT EXISTS own_hours (
    contact_id INTEGER PRIMARY KEY, site_id INTEGER NOT NULL,
    hours TEXT NOT NULL, time_zone TEXT NOT NULL, calendar TEXT NOT NULL
)

-- name: absent
-- The certified contacts that get nothing although their site does.
CREATE TEMP TABLE IF NOT EXISTS absent (
    contact_id INTEGER PRIMARY KEY, site_id INTEGER NOT NULL
)

-- name: person
-- One row per contact that is on duty, or alerted all the same; an address for every message that
-- the contact would get. `channels`: in the order in which they are wanted, where that is known.
CREATE TEMP TABLE IF NOT EXISTS person (
    contact_id INTEGER NOT NULL, site_id INTEGER NOT NULL, distance_m REAL NOT NULL,
    language TEXT NOT NULL, certified INTEGER NOT NULL, sms TEXT, voice TEXT, email TEXT,
    channels TEXT
)

-- name: clear_in_area
DELETE FROM temp.in_area

-- name: clear_own_hours
DELETE FROM temp.own_hours

-- name: clear_absent
DELETE FROM temp.absent

-- name: clear_person
DELETE FROM temp.person

-- name: fill_circle
-- The R*Tree box first, without its corners where a bound of the distance tells (geo.circles), then
-- the exact distance on the ellipsoid (the last argument, 1), by which `outside` decides.
INSERT OR IGNORE INTO temp.in_area (
    site_id, distance_m, approved, hours, time_zone, calendar, ref, name, lat, lon, cell
)
SELECT
    site.id, ST_Distance(site.geom, MakePoint(:lon, :lat, 4326), 1), site.status = 'approved',
    site.hours, site.time_zone, site.calendar, site.ref, site.name, site.lat, site.lon, site.cell
FROM idx_site_geom AS box
JOIN site ON site.id = box.pkid
WHERE box.xmin <= :east AND box.xmax >= :west AND box.ymin <= :north AND box.ymax >= :south
    AND :lat_m * :lat_m * (site.lat - :lat) * (site.lat - :lat)
        + :lon_m * :lon_m * (site.lon - :near_lon) * (site.lon - :near_lon) <= :limit_m * :limit_m

-- name: outside
DELETE FROM temp.in_area WHERE distance_m > :limit_m

-- name: fill_polygon
-- RFC 7946: edges are straight in longitude and latitude, so the test is a plane one; edges count.
INSERT OR IGNORE INTO temp.in_area (
    site_id, distance_m, approved, hours, time_zone, calendar, ref, name, lat, lon, cell
)
SELECT
    site.id, ST_Distance(site.geom, MakePoint(:lon, :lat, 4326), 1), site.status = 'approved',
    site.hours, site.time_zone, site.calendar, site.ref, site.name, site.lat, site.lon, site.cell
FROM idx_site_geom AS box
JOIN site ON site.id = box.pkid
WHERE box.xmin <= :east AND box.xmax >= :west AND box.ymin <= :north AND box.ymax >= :south
    AND ST_Intersects(SetSRID(GeomFromGeoJSON(:polygon), 4326), site.geom) = 1

-- name: fill_everywhere
INSERT OR IGNORE INTO temp.in_area (
    site_id, distance_m, approved, hours, time_zone, calendar, ref, name, lat, lon, cell
)
SELECT
    site.id, ST_Distance(site.geom, MakePoint(:lon, :lat, 4326), 1), site.status = 'approved',
    site.hours, site.time_zone, site.calendar, site.ref, site.name, site.lat, site.lon, site.cell
FROM site

-- name: fill_listed
INSERT OR IGNORE INTO temp.in_area (
    site_id, distance_m, approved, hours, time_zone, calendar, ref, name, lat, lon, cell
)
SELECT
    site.id, ST_Distance(site.geom, MakePoint(:lon, :lat, 4326), 1), site.status = 'approved',
    site.hours, site.time_zone, site.calendar, site.ref, site.name, site.lat, site.lon, site.cell
FROM json_each(:refs)
CROSS JOIN site ON site.ref = value

-- name: other_refs
DELETE FROM temp.in_area WHERE ref NOT IN (SELECT value FROM json_each(:refs))

-- name: other_kinds
DELETE FROM temp.in_area WHERE site_id IN (
    SELECT id FROM site WHERE kind IS NULL OR kind NOT IN (SELECT value FROM json_each(:kinds))
)

-- name: kinds
SELECT kind, count(*) AS n FROM site WHERE kind IS NOT NULL GROUP BY kind ORDER BY n DESC, kind

-- name: unknown_refs
SELECT value AS ref FROM json_each(:refs)
WHERE NOT EXISTS (SELECT 1 FROM site WHERE ref = value)
ORDER BY key

-- name: unvetted_refs
SELECT ref FROM json_each(:refs) CROSS JOIN site ON ref = value
WHERE status <> 'approved'
ORDER BY key

-- name: postcodes
SELECT DISTINCT postcode, commune FROM site
WHERE postcode IN (SELECT value FROM json_each(:codes)) AND commune IS NOT NULL
ORDER BY postcode, commune

-- name: spots
-- Where the sites lie that an area without a place means.
SELECT lat, lon FROM site
WHERE status = 'approved'
    AND (:refs = '[]' OR ref IN (SELECT value FROM json_each(:refs)))
    AND (:kinds = '[]' OR kind IN (SELECT value FROM json_each(:kinds)))

-- name: fill_own_hours
INSERT INTO temp.own_hours
SELECT contact.id, contact.site_id, contact.hours, in_area.time_zone, in_area.calendar
FROM temp.in_area
CROSS JOIN contact INDEXED BY contact_own_hours ON contact.site_id = in_area.site_id
WHERE in_area.approved AND contact.status = 'certified' AND contact.hours IS NOT NULL

-- name: schedules
SELECT DISTINCT hours, time_zone, calendar FROM temp.in_area WHERE approved AND hours IS NOT NULL
UNION
SELECT hours, time_zone, calendar FROM temp.own_hours

-- name: off_duty
-- By the hours of the sites.
UPDATE temp.in_area SET on_duty = 0
WHERE approved AND hours IS NOT NULL AND (hours, time_zone, calendar) IN (
    SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(:off_duty)
)

-- name: fill_absent
-- At sites where somebody has hours of their own: all who are off duty.
INSERT INTO temp.absent
SELECT contact.id, contact.site_id
FROM temp.in_area
CROSS JOIN contact ON contact.site_id = in_area.site_id
LEFT JOIN temp.own_hours ON own_hours.contact_id = contact.id
WHERE in_area.site_id IN (SELECT site_id FROM temp.own_hours) AND contact.status = 'certified'
    AND CASE WHEN own_hours.contact_id IS NULL THEN NOT in_area.on_duty
    ELSE (own_hours.hours, own_hours.time_zone, own_hours.calendar) IN (
        SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(:off_duty)
    ) END

-- name: on_duty
-- At these sites: whether anybody is left.
UPDATE temp.in_area SET on_duty = EXISTS (
    SELECT 1 FROM contact
    WHERE contact.site_id = in_area.site_id AND contact.status = 'certified'
        AND contact.id NOT IN (SELECT contact_id FROM temp.absent)
)
WHERE site_id IN (SELECT site_id FROM temp.own_hours)

-- name: judge_sites
-- Where nobody is on duty the site is judged as a whole.
DELETE FROM temp.absent WHERE site_id IN (SELECT site_id FROM temp.in_area WHERE NOT on_duty)

-- name: fallback_only
-- Off duty, where another contact of the site takes the alert.
INSERT INTO temp.absent
SELECT contact.id, contact.site_id
FROM temp.in_area
CROSS JOIN contact ON contact.site_id = in_area.site_id
WHERE in_area.approved AND NOT in_area.on_duty
    AND contact.status = 'certified' AND NOT contact.fallback AND EXISTS (
        SELECT 1 FROM contact AS other
        WHERE other.site_id = in_area.site_id AND other.status = 'certified' AND other.fallback
    )

-- name: fill_person
-- CROSS JOIN: from the sites in the area, never from all contacts.
INSERT INTO temp.person
SELECT
    contact.id AS contact_id, contact.site_id, in_area.distance_m, contact.language,
    contact.status = 'certified' AS certified,
    iif(
        :sms AND contact.status = 'certified' AND phone_kind = 'mobile'
            AND (channels IS NULL OR instr(channels, 'sms')),
        phone, NULL
    ) AS sms,
    iif(
        :voice AND contact.status = 'certified' AND (channels IS NULL OR instr(channels, 'voice')),
        phone, NULL
    ) AS voice,
    iif(
        :email AND contact.status = 'certified' AND (channels IS NULL OR instr(channels, 'email')),
        contact.email, NULL
    ) AS email,
    channels
FROM temp.in_area
CROSS JOIN contact ON contact.site_id = in_area.site_id
WHERE in_area.approved
    AND (
        in_area.on_duty OR :rule = 'include'
        OR (:rule = 'fallback-contact' AND fallback AND contact.status = 'certified')
    )
    AND contact.id NOT IN (SELECT contact_id FROM temp.absent)

-- name: left_out
-- Sites and contacts in the area that get nothing, by the first reason that holds.
WITH area AS (
    SELECT
        count(*) FILTER (WHERE NOT approved) AS not_approved,
        count(*) FILTER (WHERE approved) AS approved,
        count(*) FILTER (WHERE approved AND NOT on_duty AND CASE :rule
            WHEN 'skip' THEN 1
            WHEN 'include' THEN 0
            ELSE NOT EXISTS (
                SELECT 1 FROM contact
                WHERE contact.site_id = in_area.site_id AND status = 'certified' AND fallback
            )
        END) AS skipped
    FROM temp.in_area
),
people AS (
    SELECT
        count(DISTINCT iif(certified, site_id, NULL)) AS certified_sites,
        count(*) FILTER (WHERE NOT certified) AS not_certified,
        (
            SELECT count(*) FROM temp.person JOIN contact ON contact.id = contact_id
            WHERE NOT certified AND contact.status = 'expired'
        ) AS card_expired,
        count(*) FILTER (WHERE certified AND coalesce(sms, voice, email) IS NULL) AS unreachable
    FROM temp.person
)
SELECT
    not_approved AS site_not_approved,
    iif(:rule = 'fallback-contact', 0, skipped) AS site_off_duty,
    iif(:rule = 'fallback-contact', skipped, 0) AS site_without_fallback_contact,
    approved - skipped - certified_sites AS site_without_certified_contact,
    (SELECT count(*) FROM temp.absent) AS contact_off_duty,
    not_certified - card_expired AS contact_not_certified,
    card_expired AS contact_card_expired,
    unreachable AS contact_without_usable_address
FROM area, people

-- name: addresses
-- For a look whether several contacts have one: a set finds that in a third of a sort's time.
SELECT
    json_group_array(coalesce(voice, sms)) FILTER (WHERE coalesce(voice, sms) IS NOT NULL),
    json_group_array(email) FILTER (WHERE email IS NOT NULL)
FROM temp.person

-- name: clear_repeated
DROP TABLE IF EXISTS temp.repeated

-- name: repeated
-- Messages to an address that a nearer site has too.
CREATE TEMP TABLE repeated AS
WITH message AS (
    SELECT contact_id, distance_m, 'sms' AS channel, sms AS address FROM temp.person
    UNION ALL
    SELECT contact_id, distance_m, 'voice', voice FROM temp.person
    UNION ALL
    SELECT contact_id, distance_m, 'email', email FROM temp.person
)
SELECT contact_id, channel FROM (
    SELECT contact_id, channel, row_number() OVER (
        PARTITION BY channel, address ORDER BY distance_m, contact_id
    ) AS copy
    FROM message
    WHERE address IN (SELECT value FROM json_each(:shared))
)
WHERE copy > 1

-- name: drop_repeated
UPDATE temp.person SET
    sms = iif((contact_id, 'sms') IN (SELECT contact_id, channel FROM temp.repeated), NULL, sms),
    voice = iif(
        (contact_id, 'voice') IN (SELECT contact_id, channel FROM temp.repeated), NULL, voice
    ),
    email = iif(
        (contact_id, 'email') IN (SELECT contact_id, channel FROM temp.repeated), NULL, email
    )
WHERE contact_id IN (SELECT contact_id FROM temp.repeated)

-- name: repeated_count
SELECT count(*) AS n FROM temp.repeated

-- name: person_sites
SELECT site_id, ref, name, lat, lon, distance_m
FROM temp.in_area
WHERE site_id IN (
    SELECT site_id FROM temp.person WHERE coalesce(sms, voice, email) IS NOT NULL
)
ORDER BY distance_m, site_id

-- name: off_duty_sites
SELECT site_id, ref, name, lat, lon, distance_m
FROM temp.in_area
WHERE approved AND NOT on_duty
ORDER BY distance_m, site_id

-- name: person_counts
SELECT
    count(coalesce(sms, voice, email)) AS contacts,
    count(sms) AS sms, count(voice) AS voice, count(email) AS email,
    json_group_array(DISTINCT language)
        FILTER (WHERE coalesce(sms, voice, email) IS NOT NULL) AS languages
FROM temp.person

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
