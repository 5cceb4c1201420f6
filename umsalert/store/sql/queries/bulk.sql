-- name: insert_triggers
-- SpatiaLite's own, of an INSERT.
SELECT name, sql FROM sqlite_schema
WHERE type = 'trigger' AND tbl_name = 'site' AND name LIKE '___\_site\_geom' ESCAPE '\'
    AND sql LIKE '% INSERT ON %'

-- name: last_site
SELECT coalesce(max(id), 0) AS id FROM site

-- name: index_boxes
INSERT INTO idx_site_geom (pkid, xmin, xmax, ymin, ymax)
SELECT id, lon, lon, lat, lat FROM site WHERE id > :after

-- name: note_time
UPDATE geometry_columns_time SET last_insert = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
WHERE f_table_name = 'site' AND f_geometry_column = 'geom'

-- name: count_new
SELECT (SELECT count(*) FROM staged) - (SELECT count(*) FROM staged_match) AS n
