-- name: insert
INSERT INTO bulletin (
    ref, template, request, exercise, cron, time_zone, begins_at, ends_at, spread_s, account,
    operator, created_at, approved_by, next_due
) VALUES (
    :ref, :template, :request, :exercise, :cron, :time_zone, :begins_at, :ends_at, :spread_s,
    :account, :operator, :created_at, :approved_by, :next_due
)

-- name: by_id
SELECT * FROM bulletin WHERE id = :id

-- name: by_ref
SELECT * FROM bulletin WHERE ref = :ref

-- name: by_part
-- Nothing is a part of every reference: a variable of a script that is not set.
SELECT * FROM bulletin WHERE trim(:part) <> '' AND instr(ref, :part) > 0 ORDER BY id DESC LIMIT 2

-- name: coming
-- Also what has begun and not ended: it may be waiting for somebody to put something right.
SELECT * FROM bulletin
WHERE next_due IS NOT NULL
    OR id IN (
        SELECT bulletin_id FROM bulletin_run INDEXED BY bulletin_run_begun WHERE state = 'begun'
    )
ORDER BY next_due, id

-- name: all
SELECT * FROM bulletin ORDER BY next_due IS NULL, next_due, id DESC

-- name: remove
UPDATE bulletin SET next_due = NULL, removed_at = :now, removed_by = :operator
WHERE id = :id AND removed_at IS NULL

-- name: anything_due
SELECT EXISTS (SELECT 1 FROM bulletin INDEXED BY bulletin_due WHERE next_due <= :now) AS found

-- name: attended
-- What has begun, each with who says to be sending it.
SELECT bulletin_run.id, sender.pid, sender.host
FROM bulletin_run INDEXED BY bulletin_run_begun
LEFT JOIN sender ON sender.alert_id = bulletin_run.alert_id
    AND sender.lease_until > :now AND sender.lease_until <= :at_most
WHERE bulletin_run.state = 'begun'

-- name: due
SELECT * FROM bulletin INDEXED BY bulletin_due WHERE next_due <= :now ORDER BY next_due, id

-- name: move
UPDATE bulletin SET next_due = :next_due WHERE id = :id AND next_due = :seen

-- name: insert_run
INSERT INTO bulletin_run (
    bulletin_id, due_at, last_due_at, dues, state, code, begun_at, ended_at
) VALUES (
    :bulletin_id, :due_at, :last_due_at, :dues, :state, :code, :now, :ended_at
)

-- name: begun
SELECT bulletin_run.*, alert.ref AS alert_ref
FROM bulletin_run INDEXED BY bulletin_run_begun
LEFT JOIN alert ON alert.id = bulletin_run.alert_id
WHERE bulletin_run.state = 'begun'
ORDER BY bulletin_run.id

-- name: runs
SELECT bulletin_run.*, alert.ref AS alert_ref
FROM bulletin_run LEFT JOIN alert ON alert.id = bulletin_run.alert_id
WHERE bulletin_id = :bulletin_id
ORDER BY due_at DESC LIMIT :limit

-- name: link
UPDATE bulletin_run SET alert_id = (SELECT id FROM alert WHERE ref = :alert_ref)
WHERE id = :id AND alert_id IS NULL

-- name: end
UPDATE bulletin_run SET state = :state, code = :code, ended_at = :now
WHERE id = :id AND state = 'begun'

-- name: run_by_id
SELECT bulletin_run.*, alert.ref AS alert_ref
FROM bulletin_run LEFT JOIN alert ON alert.id = bulletin_run.alert_id
WHERE bulletin_run.id = :id

-- name: vigipirate
SELECT * FROM vigipirate ORDER BY id DESC LIMIT 1

-- name: set_vigipirate
INSERT INTO vigipirate (level, since, operator) VALUES (:level, :since, :operator)
