-- name: accounts
SELECT account, group_concat(role, ', ')
FROM operator_role
WHERE account BETWEEN :first AND :last
GROUP BY account ORDER BY account LIMIT :most

-- name: alerts
SELECT ref, template
FROM alert
WHERE ref BETWEEN :first AND :last
ORDER BY id DESC LIMIT :most

-- name: approvals
SELECT ref, kind
FROM approval
WHERE decision IS NULL AND ref BETWEEN :first AND :last
ORDER BY id DESC LIMIT :most

-- name: bulletins
SELECT ref, template
FROM bulletin
WHERE removed_at IS NULL AND ref BETWEEN :first AND :last
ORDER BY next_due IS NULL, next_due, id LIMIT :most

-- name: contacts
SELECT ref, status
FROM contact
WHERE ref BETWEEN :first AND :last
ORDER BY ref LIMIT :most

-- name: kinds
SELECT kind, CAST(count(*) AS TEXT)
FROM site
WHERE kind BETWEEN :first AND :last
GROUP BY kind ORDER BY kind LIMIT :most

-- name: sites
SELECT ref, name
FROM site
WHERE ref BETWEEN :first AND :last
ORDER BY ref LIMIT :most
