-- The tables staged, staged_match, staged_leaving and held are of one import: attached beside the
-- register, or temporary. staged has the rows; staged_match those that the register holds already.

-- name: defaults
SELECT id, ref, region, time_zone, client FROM site WHERE ref IN (SELECT value FROM json_each(:refs))

-- name: site_ids
SELECT ref, id FROM site WHERE ref IN (SELECT value FROM json_each(:refs))

-- name: held_sites
SELECT ref, name, lat, lon, address, postcode, commune FROM site WHERE ref IN (SELECT value FROM json_each(:refs))

-- name: held_by_ref
SELECT contact.ref, site.ref AS site_ref, contact.name, contact.phone, contact.email
FROM contact JOIN site ON site.id = contact.site_id
WHERE contact.ref IN (SELECT value FROM json_each(:refs))

-- name: held_by_name
SELECT site.ref AS site_ref, contact.name, contact.phone, contact.email
FROM site JOIN contact ON contact.site_id = site.id
WHERE site.ref IN (SELECT value FROM json_each(:refs)) AND contact.status <> 'erased'

-- name: note
INSERT INTO staged_problem (line, code, message, field, value, hint, doubt)
VALUES (?, ?, ?, ?, ?, ?, ?)

-- name: forget_match
DELETE FROM staged_match

-- name: forget_held
DELETE FROM held

-- name: forget_leaving
DELETE FROM staged_leaving

-- name: index_ref
CREATE INDEX IF NOT EXISTS staging.staged_ref ON staged (ref)

-- name: index_key
CREATE INDEX IF NOT EXISTS staging.staged_key ON staged (site_id, key)

-- name: match_site
INSERT INTO staged_match (line, id)
SELECT new.line, site.id FROM staged AS new JOIN site ON site.ref = new.ref

-- name: hold
-- The names that are taken at the sites which the file names.
INSERT INTO held (site_id, key, id)
SELECT contact.site_id, casefold(contact.name), contact.id
FROM (SELECT DISTINCT site_id FROM staged) AS named
JOIN contact ON contact.site_id = named.site_id
WHERE contact.status <> 'erased'

-- name: match_contact
INSERT INTO staged_match (line, id)
SELECT new.line, contact.id FROM staged AS new JOIN contact ON contact.ref = new.ref
UNION ALL
SELECT new.line, min(held.id) FROM staged AS new
JOIN held ON held.site_id = new.site_id AND held.key = new.key
WHERE new.ref IS NULL
GROUP BY new.line

-- name: ref_repeated
SELECT new.line, new.ref AS value, first.line AS other
FROM (
    SELECT ref, min(line) AS line FROM staged WHERE ref IS NOT NULL
    GROUP BY ref HAVING count(*) > 1
) AS first
JOIN staged AS new ON new.ref = first.ref AND new.line > first.line

-- name: contact_repeated
SELECT new.line, new.name AS value, first.line AS other
FROM (
    SELECT site_id, key, min(line) AS line FROM staged GROUP BY site_id, key HAVING count(*) > 1
) AS first
JOIN staged AS new
    ON new.site_id = first.site_id AND new.key = first.key AND new.line > first.line

-- name: match_repeated
-- One row names a contact by its ref, another by its name.
SELECT found.line, new.ref AS value, first.line AS other
FROM (
    SELECT id, min(line) AS line FROM staged_match GROUP BY id HAVING count(*) > 1
) AS first
JOIN staged_match AS found ON found.id = first.id AND found.line > first.line
JOIN staged AS new ON new.line = found.line

-- name: contact_exists
SELECT new.line, new.name AS value, contact.ref AS other
FROM staged AS new
JOIN held ON held.site_id = new.site_id AND held.key = new.key
JOIN contact ON contact.id = held.id
LEFT JOIN staged_match AS found ON found.line = new.line
WHERE held.id IS NOT found.id
    AND NOT EXISTS (SELECT 1 FROM staged_match AS other WHERE other.id = held.id)

-- name: contact_elsewhere
SELECT new.line, new.site_ref AS value, site.ref AS other
FROM staged_match AS found
JOIN staged AS new ON new.line = found.line
JOIN contact ON contact.id = found.id
JOIN site ON site.id = contact.site_id
WHERE contact.site_id <> new.site_id

-- name: contact_erased
SELECT found.line, new.ref AS value, NULL AS other
FROM staged_match AS found
JOIN staged AS new ON new.line = found.line
JOIN contact ON contact.id = found.id
WHERE contact.status = 'erased'

-- name: facts_lost
-- What somebody was vetted by, and the file would clear: `lost` names it, with a comma behind each.
SELECT line, ref, status, lost FROM (
    SELECT found.line, old.ref, old.status, {lost} AS lost
    FROM staged_match AS found
    JOIN staged AS new ON new.line = found.line
    JOIN {noun} AS old ON old.id = found.id
    WHERE old.status IN ('approved', 'suspended', 'certified')
)
WHERE lost <> ''

-- name: sites_not_active
SELECT found.line, site.ref AS value, site.status AS other
FROM staged_match AS found JOIN site ON site.id = found.id
WHERE site.status IN ('closed', 'refused')

-- name: contacts_not_active
SELECT found.line, contact.ref AS value, contact.status AS other
FROM staged_match AS found JOIN contact ON contact.id = found.id
WHERE contact.status = 'revoked'
    OR contact.status = 'expired' AND found.changed LIKE '%card_valid_until,%'

-- name: places
-- New sites, and those that moved or have another name, in order of latitude.
SELECT new.line, new.ref, new.name, new.lat, new.lon
FROM staged AS new LEFT JOIN staged_match AS found ON found.line = new.line
WHERE found.line IS NULL OR found.changed LIKE '%lat,%' OR found.changed LIKE '%lon,%'
    OR found.changed LIKE '%name,%'
ORDER BY new.lat

-- name: places_beside
-- Sites of the register around them, which the file does not name.
SELECT new.line, new.ref, new.name, new.lat, new.lon,
    old.ref AS other_ref, old.name AS other_name, old.lat AS other_lat, old.lon AS other_lon
FROM staged AS new LEFT JOIN staged_match AS found ON found.line = new.line
JOIN idx_site_geom AS box
    ON box.xmin >= new.lon - :lon_degrees AND box.xmax <= new.lon + :lon_degrees
    AND box.ymin >= new.lat - :lat_degrees AND box.ymax <= new.lat + :lat_degrees
JOIN site AS old ON old.id = box.pkid
WHERE (found.line IS NULL OR found.changed LIKE '%lat,%' OR found.changed LIKE '%lon,%'
    OR found.changed LIKE '%name,%')
    AND old.status <> 'closed' AND old.ref NOT IN (SELECT ref FROM staged)

-- name: index_address
CREATE INDEX IF NOT EXISTS staging.staged_{column} ON staged ({column})

-- name: address_in_file
-- The first line of each address that more than one site of the file has, for the later lines.
SELECT new.line, new.{column} AS value, first.site_ref AS other
FROM (
    SELECT {column}, site_id, site_ref, min(line) AS line FROM staged WHERE {column} IS NOT NULL
    GROUP BY {column} HAVING min(site_id) <> max(site_id)
) AS first
JOIN staged AS new ON new.{column} = first.{column} AND new.site_id <> first.site_id
LEFT JOIN staged_match AS found ON found.line = new.line
WHERE found.line IS NULL OR found.changed LIKE '%{column},%'

-- name: address_in_register
SELECT new.line, new.{column} AS value, min(site.ref) AS other
FROM staged AS new LEFT JOIN staged_match AS found ON found.line = new.line
JOIN contact AS old ON old.{column} = new.{column} AND old.site_id <> new.site_id
JOIN site ON site.id = old.site_id
WHERE new.{column} IS NOT NULL AND (found.line IS NULL OR found.changed LIKE '%{column},%')
    AND old.status NOT IN ('revoked', 'erased')
    AND old.id NOT IN (SELECT id FROM staged_match)
GROUP BY new.line

-- name: leave_out
DELETE FROM staged WHERE line IN (SELECT line FROM staged_problem WHERE NOT doubt)

-- name: leave_out_match
DELETE FROM staged_match WHERE line IN (SELECT line FROM staged_problem WHERE NOT doubt)

-- name: keep_time_zone
-- The file says nothing of time zones: one follows its point only where it came from the old one.
UPDATE staged SET time_zone = site.time_zone
FROM staged_match JOIN site ON site.id = staged_match.id
WHERE staged_match.line = staged.line AND staged.time_zone <> site.time_zone
    AND (
        staged.lat = site.lat AND staged.lon = site.lon
        OR site.time_zone <> zone_of(site.lat, site.lon)
    )

-- name: compare
UPDATE staged_match SET changed = (
    SELECT {changed} FROM staged AS new JOIN {noun} AS old ON old.id = staged_match.id
    WHERE new.line = staged_match.line
)

-- name: counts
SELECT
    (SELECT count(*) FROM staged) AS valid,
    (SELECT count(*) FROM staged_match) AS matched,
    (SELECT count(*) FROM staged_match WHERE changed <> '') AS changed,
    (SELECT count(*) FROM staged_leaving) AS leaving

-- name: leaving_sites
INSERT INTO staged_leaving (id, ref)
SELECT id, ref FROM site
WHERE status <> 'closed' AND NOT EXISTS (SELECT 1 FROM staged WHERE staged.ref = site.ref)

-- name: standing_sites
SELECT count(*) AS n FROM site WHERE status <> 'closed'

-- name: leaving_contacts
INSERT INTO staged_leaving (id, ref)
SELECT id, ref FROM contact
WHERE status IN ('named', 'certified', 'expired')
    AND (:everywhere OR site_id IN (SELECT site_id FROM staged))
    AND id NOT IN (SELECT id FROM staged_match)

-- name: standing_contacts
SELECT count(*) AS n FROM contact
WHERE status IN ('named', 'certified', 'expired')
    AND (:everywhere OR site_id IN (SELECT site_id FROM staged))

-- name: new_refs
-- SITE-c1, SITE-c2, ... after the highest number that anybody has.
WITH fresh AS (
    SELECT line, site_ref, row_number() OVER (PARTITION BY site_ref ORDER BY line) AS k
    FROM staged
    WHERE ref IS NULL AND line NOT IN (SELECT line FROM staged_match)
),
highest AS (
    SELECT site_ref, max(
        coalesce((
            SELECT max(CAST(substr(ref, length(named.site_ref) + 3) AS INTEGER)) FROM contact
            WHERE ref > named.site_ref || '-c' AND ref < named.site_ref || '-d'
                AND length(ref) < length(named.site_ref) + 12
        ), 0),
        coalesce((
            SELECT max(CAST(substr(ref, length(named.site_ref) + 3) AS INTEGER)) FROM staged
            WHERE ref > named.site_ref || '-c' AND ref < named.site_ref || '-d'
                AND length(ref) < length(named.site_ref) + 12
        ), 0)
    ) AS n
    FROM (SELECT DISTINCT site_ref FROM fresh) AS named
)
UPDATE staged SET ref = fresh.site_ref || '-c' || (highest.n + fresh.k)
FROM fresh JOIN highest ON highest.site_ref = fresh.site_ref
WHERE fresh.line = staged.line

-- name: last_line
SELECT max(line) AS line FROM staged

-- name: insert_site
INSERT INTO site ({columns}, status, status_by, status_at, geom, cell)
SELECT {columns}, :status, :status_by, :status_at, MakePoint(lon, lat, 4326), cell_of(lat, lon)
FROM staged
WHERE line > :after AND line <= :upto AND line NOT IN (SELECT line FROM staged_match)

-- name: insert_contact
INSERT INTO contact ({columns}, status, status_by, status_at)
SELECT {columns}, :status, :status_by, :status_at
FROM staged
WHERE line > :after AND line <= :upto AND line NOT IN (SELECT line FROM staged_match)

-- name: record_new
INSERT INTO status_change (noun, ref, from_status, to_status, operator, reason, changed_at)
SELECT :noun, ref, NULL, :status, :status_by, '', :status_at
FROM staged
WHERE line > :after AND line <= :upto AND line NOT IN (SELECT line FROM staged_match)

-- name: new_rows
SELECT ref FROM staged
WHERE line > :after AND line <= :upto AND line NOT IN (SELECT line FROM staged_match)
ORDER BY line

-- name: new_sites
SELECT new.line, site.* FROM staged AS new JOIN site ON site.ref = new.ref
WHERE new.line NOT IN (SELECT line FROM staged_match) ORDER BY new.line

-- name: new_contacts
SELECT new.line, contact.*, site.ref AS site_ref
FROM staged AS new JOIN contact ON contact.ref = new.ref JOIN site ON site.id = contact.site_id
WHERE new.line NOT IN (SELECT line FROM staged_match) ORDER BY new.line

-- name: update
UPDATE {noun} SET {assignments}
FROM staged_match AS found JOIN staged AS new ON new.line = found.line
WHERE found.id = {noun}.id AND {which}

-- name: changed_rows
SELECT {noun}.ref, found.changed
FROM staged_match AS found JOIN {noun} ON {noun}.id = found.id
WHERE found.changed <> ''
ORDER BY found.line

-- name: leaving_refs
SELECT ref FROM staged_leaving ORDER BY ref

-- name: added
SELECT line, ref, {columns} FROM staged
WHERE line NOT IN (SELECT line FROM staged_match)
ORDER BY line LIMIT :most

-- name: changed
SELECT found.line, old.ref, found.changed, {old_and_new}
FROM staged_match AS found
JOIN staged AS new ON new.line = found.line
JOIN {noun} AS old ON old.id = found.id
WHERE found.changed <> ''
ORDER BY found.line LIMIT :most

-- name: problems
SELECT line, code, message, field, value, hint FROM staged_problem
WHERE doubt = :doubt ORDER BY coalesce(line, 0), rowid LIMIT :most
