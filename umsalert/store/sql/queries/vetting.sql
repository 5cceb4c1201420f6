-- name: sites_of
SELECT * FROM site WHERE ref IN (SELECT value FROM json_each(:refs)) ORDER BY ref

-- name: contacts_of
SELECT contact.*, site.ref AS site_ref
FROM contact JOIN site ON site.id = contact.site_id
WHERE contact.ref IN (SELECT value FROM json_each(:refs))
ORDER BY contact.ref

-- name: history
SELECT from_status, to_status, operator, reason, changed_at, until
FROM status_change WHERE noun = :noun AND ref = :ref ORDER BY id

-- name: expiring
SELECT contact.*, site.ref AS site_ref
FROM contact JOIN site ON site.id = contact.site_id
WHERE contact.card_valid_until < :before
    AND contact.status IN ('named', 'certified', 'expired')
    AND site.status NOT IN ('closed', 'refused')
ORDER BY contact.card_valid_until, contact.ref

-- name: moved_since
-- By the order of the log: the clock may have been set back.
SELECT DISTINCT audit.ref
FROM json_each(:refs) AS site
JOIN audit ON audit.noun = 'site' AND audit.ref = site.value
    AND audit.n > (SELECT max(n) FROM audit WHERE noun = 'approval' AND ref = :approval)
WHERE audit.action = 'site.status' AND audit.operator <> :program
