-- name: sites
SELECT * FROM site WHERE :status IS NULL OR status = :status ORDER BY ref

-- name: site
SELECT * FROM site WHERE ref = :ref

-- name: contacts
SELECT contact.*, site.ref AS site_ref
FROM contact JOIN site ON site.id = contact.site_id
WHERE (:site_ref IS NULL OR site.ref = :site_ref) AND (:status IS NULL OR contact.status = :status)
ORDER BY site.ref, contact.id

-- name: status_of_sites
SELECT ref, status FROM site WHERE ref IN (SELECT value FROM json_each(:refs))

-- name: status_of_contacts
SELECT ref, status FROM contact WHERE ref IN (SELECT value FROM json_each(:refs))

-- name: set_site_status
UPDATE site SET status = :status, status_by = :status_by, status_at = :status_at
WHERE ref = :ref

-- name: set_contact_status
UPDATE contact SET status = :status, status_by = :status_by, status_at = :status_at
WHERE ref = :ref

-- name: insert_change
INSERT INTO status_change (noun, ref, from_status, to_status, operator, reason, changed_at)
VALUES (:noun, :ref, :from_status, :status, :status_by, :reason, :status_at)
