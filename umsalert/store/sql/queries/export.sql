-- name: sites
SELECT * FROM site ORDER BY ref

-- name: contacts
-- Of who was erased there is nothing to tell.
SELECT contact.*, site.ref AS site_ref
FROM contact JOIN site ON site.id = contact.site_id
WHERE contact.status <> 'erased'
ORDER BY site.ref, contact.id
