-- name: insert
INSERT INTO audit (n, at, operator, action, noun, ref, detail, previous_sha256, sha256)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: head
SELECT n, sha256 FROM (
    SELECT n, sha256 FROM audit UNION ALL SELECT n, sha256 FROM audit_checkpoint
)
ORDER BY n DESC LIMIT 1

-- name: all
SELECT * FROM audit ORDER BY n

-- name: checkpoints
SELECT n, sha256 FROM audit_checkpoint ORDER BY n

-- name: page
SELECT * FROM audit
WHERE (:before IS NULL OR n < :before)
    AND (:since IS NULL OR at >= :since)
    AND (:until IS NULL OR at < :until)
    AND (
        :operator IS NULL OR operator = :operator
        OR substr(operator, 1, length(:operator) + 1) = :operator || '@'
    )
    AND (:action IS NULL OR action = :action)
    AND (:noun IS NULL OR noun = :noun)
    AND (:ref IS NULL OR ref = :ref)
ORDER BY n DESC LIMIT :limit

-- name: roles
SELECT role FROM operator_role WHERE account = :account

-- name: managed
SELECT EXISTS (SELECT 1 FROM operator_role) AS managed

-- name: all_roles
SELECT account, role FROM operator_role ORDER BY account, role

-- name: add_role
INSERT OR IGNORE INTO operator_role (account, role) VALUES (:account, :role)

-- name: remove_role
DELETE FROM operator_role WHERE account = :account AND role = :role

-- name: administrators
SELECT count(*) AS n FROM operator_role WHERE role = 'administrator'
