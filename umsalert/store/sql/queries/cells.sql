-- name: clear_dense
DROP TABLE IF EXISTS temp.dense

-- name: create_dense
CREATE TEMP TABLE dense (
    contact_id INTEGER PRIMARY KEY, cell INTEGER NOT NULL, round INTEGER NOT NULL
)

-- name: telephones
SELECT count(sms) + count(voice) AS n FROM temp.person

-- name: clear_place
DROP TABLE IF EXISTS temp.place

-- name: place
CREATE TEMP TABLE place AS
SELECT site_id, coalesce(cell, cell_of(lat, lon)) AS cell FROM temp.in_area
WHERE site_id IN (SELECT site_id FROM temp.person WHERE coalesce(sms, voice) IS NOT NULL)

-- name: dense_cells
INSERT INTO alert_cell (alert_id, cell)
SELECT :alert_id, place.cell
FROM temp.place JOIN temp.person USING (site_id)
GROUP BY place.cell HAVING count(sms) + count(voice) > :burst

-- name: dense
-- The people of dense cells; every round takes `burst` of them from each cell.
INSERT INTO temp.dense (contact_id, cell, round)
SELECT
    contact_id, cell,
    (row_number() OVER (PARTITION BY cell ORDER BY rank, distance_m, contact_id) - 1) / :burst
FROM (
    SELECT
        person.contact_id, person.distance_m, place.cell,
        row_number() OVER (PARTITION BY person.site_id ORDER BY person.contact_id) AS rank
    FROM temp.person
    JOIN temp.place USING (site_id)
    JOIN alert_cell ON alert_cell.alert_id = :alert_id AND alert_cell.cell = place.cell
    WHERE person.certified
)

-- name: loads
-- Sites by cell and by what they have: 1, 2, 4 for an SMS, a call, an e-mail to the first contact,
-- 8, 16, 32 to another one. min(contact_id) has SQLite take the first contact for the bare columns.
WITH told AS (
    SELECT
        site_id, min(contact_id),
        (sms IS NOT NULL) + 2 * (voice IS NOT NULL) + 4 * (email IS NOT NULL)
            + 8 * (count(sms) > (sms IS NOT NULL)) + 16 * (count(voice) > (voice IS NOT NULL))
            + 32 * (count(email) > (email IS NOT NULL)) AS pattern,
        count(sms) AS sms, count(voice) AS voice, count(email) AS email
    FROM temp.person WHERE certified GROUP BY site_id
)
SELECT
    iif(:crowded, coalesce(cell, cell_of(lat, lon)), NULL) AS place, pattern, count(*) AS sites,
    sum(sms) AS sms, sum(voice) AS voice, sum(email) AS email
FROM told CROSS JOIN temp.in_area USING (site_id)
WHERE pattern > 0
GROUP BY place, pattern
