-- name: states
-- CROSS JOIN: from the addresses of which anything is known, never from all contacts.
SELECT contact.ref AS contact_ref, contact_address.*
FROM contact_address CROSS JOIN contact ON contact.id = contact_address.contact_id
WHERE contact_address.failures >= :failures
ORDER BY contact.ref, contact_address.kind DESC

-- name: states_of
SELECT contact.ref AS contact_ref, contact_address.*
FROM json_each(:refs) AS wanted
CROSS JOIN contact ON contact.ref = wanted.value
CROSS JOIN contact_address ON contact_address.contact_id = contact.id
WHERE contact_address.failures >= :failures
ORDER BY contact.ref, contact_address.kind DESC

-- name: expect
INSERT INTO contact_code (
    contact_id, kind, channel, salt, digest, sent_at, sent_by, expires_at, tries
)
SELECT id, :kind, :channel, :salt, :digest, :now, :by, :expires_at, 0
FROM contact WHERE ref = :contact_ref
ON CONFLICT (contact_id, kind) DO UPDATE SET
    channel = excluded.channel, salt = excluded.salt, digest = excluded.digest,
    sent_at = excluded.sent_at, sent_by = excluded.sent_by, expires_at = excluded.expires_at,
    tries = 0

-- name: forget
DELETE FROM contact_code
WHERE contact_id = (SELECT id FROM contact WHERE ref = :contact_ref)
    AND kind = :kind AND salt = :salt

-- name: expected
SELECT contact_code.* FROM contact_code
JOIN contact ON contact.id = contact_code.contact_id
WHERE contact.ref = :contact_ref ORDER BY kind

-- name: count_try
UPDATE contact_code SET tries = tries + 1
WHERE contact_id = (SELECT id FROM contact WHERE ref = :contact_ref) AND kind = :kind

-- name: prove
-- Whoever holds the code has the address: what came back before is over.
INSERT INTO contact_address (contact_id, kind, proven_at, proven_by, proven_channel)
SELECT id, :kind, :now, :by, :channel FROM contact WHERE ref = :contact_ref
ON CONFLICT (contact_id, kind) DO UPDATE SET
    proven_at = excluded.proven_at, proven_by = excluded.proven_by,
    proven_channel = excluded.proven_channel, failures = 0
