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
SELECT ref, status, time_zone, approved_until, suspended_until
FROM site WHERE ref IN (SELECT value FROM json_each(:refs))

-- name: status_of_contacts
SELECT ref, status FROM contact WHERE ref IN (SELECT value FROM json_each(:refs))

-- name: set_site_status
-- A suspension leaves the end of the approval as it is; one that is over by then is no end.
UPDATE site SET
    status = :status, status_by = :status_by, status_at = :status_at,
    approved_until = CASE :status
        WHEN 'approved' THEN coalesce(
            :until, iif(status = 'suspended' AND approved_until > :status_at, approved_until, NULL)
        )
        WHEN 'suspended' THEN approved_until
    END,
    suspended_until = iif(:status = 'suspended', :until, NULL)
WHERE ref = :ref

-- name: set_contact_status
UPDATE contact SET status = :status, status_by = :status_by, status_at = :status_at
WHERE ref = :ref

-- name: insert_change
INSERT INTO status_change (
    noun, ref, from_status, to_status, operator, reason, changed_at, until
)
VALUES (:noun, :ref, :from_status, :status, :status_by, :reason, :status_at, :until)
