-- name: edited_zone
SELECT :id AS id, :time_zone AS time_zone

-- name: staged_zones
SELECT found.id, new.time_zone
FROM staged_match AS found JOIN staged AS new ON new.line = found.line
WHERE found.changed LIKE '%time_zone,%'

-- name: move_card_ends
UPDATE contact
SET card_valid_until = moved_end(contact.card_valid_until, site.time_zone, there.time_zone)
FROM ({zones}) AS there JOIN site ON site.id = there.id
WHERE contact.site_id = there.id AND contact.card_valid_until IS NOT NULL

-- name: move_terms
UPDATE site SET
    approved_until = moved_end(site.approved_until, site.time_zone, there.time_zone),
    suspended_until = moved_end(site.suspended_until, site.time_zone, there.time_zone)
FROM ({zones}) AS there
WHERE site.id = there.id AND coalesce(site.approved_until, site.suspended_until) IS NOT NULL
