-- name: insert
INSERT INTO audit (n, at, operator, action, noun, ref, detail, previous_sha256, sha256)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: head
SELECT n, sha256 FROM (
    SELECT n, sha256 FROM audit UNION ALL SELECT n, sha256 FROM audit_checkpoint
)
ORDER BY n DESC LIMIT 1

-- name: roles
SELECT role FROM operator_role WHERE account = :account

-- name: managed
SELECT EXISTS (SELECT 1 FROM operator_role) AS managed
