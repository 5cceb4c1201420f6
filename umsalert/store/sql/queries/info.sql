-- name: versions
SELECT sqlite_version() AS sqlite, spatialite_version() AS spatialite, user_version AS database
FROM pragma_user_version

-- name: counts
SELECT 'site' AS noun, status, count(*) AS n FROM site GROUP BY status
UNION ALL
SELECT 'contact', status, count(*) FROM contact GROUP BY status
UNION ALL
SELECT 'alert', '', count(*) FROM alert

-- name: sending
SELECT 1 FROM sender WHERE lease_until > :now LIMIT 1
