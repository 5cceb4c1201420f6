-- name: insert
INSERT INTO approval (
    ref, kind, request, request_hash, idempotency_key, submitted_account, submitted_by,
    submitted_at, expires_at, submitted_process
) VALUES (
    :ref, :kind, :request, :request_hash, :idempotency_key, :submitted_account, :submitted_by,
    :submitted_at, :expires_at, :submitted_process
)

-- name: by_id
SELECT approval.*, alert.ref AS alert_ref
FROM approval LEFT JOIN alert ON alert.id = approval.alert_id
WHERE approval.id = :id

-- name: by_ref
SELECT approval.*, alert.ref AS alert_ref
FROM approval LEFT JOIN alert ON alert.id = approval.alert_id
WHERE approval.ref = :ref

-- name: by_part
-- Nothing is a part of every reference: a variable of a script that is not set.
SELECT approval.*, alert.ref AS alert_ref
FROM approval LEFT JOIN alert ON alert.id = approval.alert_id
WHERE trim(:part) <> '' AND instr(approval.ref, :part) > 0
ORDER BY approval.id DESC LIMIT 2

-- name: of_key
SELECT approval.*, alert.ref AS alert_ref
FROM approval LEFT JOIN alert ON alert.id = approval.alert_id
WHERE approval.idempotency_key = :key
ORDER BY approval.id DESC

-- name: waiting
SELECT approval.*, NULL AS alert_ref
FROM approval
WHERE decision IS NULL AND expires_at > :now
ORDER BY id

-- name: decide
UPDATE approval
SET decision = :decision, decided_account = :account, decided_by = :operator, decided_at = :at
WHERE id = :id

-- name: set_alert
UPDATE approval SET alert_id = :alert_id WHERE id = :id
