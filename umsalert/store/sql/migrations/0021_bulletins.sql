-- What is sent by the clock: once, or again and again. Its words and its area are fixed; whom it
-- reaches is found anew at each run.
CREATE TABLE bulletin (
    id INTEGER PRIMARY KEY,
    ref TEXT NOT NULL UNIQUE,
    template TEXT NOT NULL,
    request TEXT NOT NULL,
    exercise INTEGER NOT NULL CHECK (exercise IN (0, 1)),
    cron TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    begins_at TEXT NOT NULL,
    ends_at TEXT,
    spread_s REAL,
    account TEXT NOT NULL,
    operator TEXT NOT NULL,
    created_at TEXT NOT NULL,
    approved_by TEXT NOT NULL,
    next_due TEXT,
    removed_at TEXT,
    removed_by TEXT NOT NULL DEFAULT '',
    CHECK (removed_at IS NULL OR next_due IS NULL)
) STRICT;
-- Whether anything is due costs the same however many there are.
CREATE INDEX bulletin_due ON bulletin (next_due) WHERE next_due IS NOT NULL;
CREATE TRIGGER bulletin_fixed BEFORE UPDATE OF
    id, ref, template, exercise, cron, time_zone, begins_at, ends_at, spread_s, account,
    operator, created_at, approved_by
ON bulletin BEGIN
    SELECT RAISE(ABORT, 'bulletin_fixed');
END;
-- Of one that is over, a purge takes the words away.
CREATE TRIGGER bulletin_request_fixed BEFORE UPDATE OF request ON bulletin
WHEN OLD.next_due IS NOT NULL
    OR NEW.request <> json_set(OLD.request, '$.values', json('{}'), '$.reason', '')
BEGIN
    SELECT RAISE(ABORT, 'bulletin_fixed');
END;
-- Whatever is done to the clock, no due time comes twice.
CREATE TRIGGER bulletin_moves_forward BEFORE UPDATE OF next_due ON bulletin
WHEN NEW.next_due <= OLD.next_due OR (OLD.next_due IS NULL AND NEW.next_due IS NOT NULL) BEGIN
    SELECT RAISE(ABORT, 'bulletin_moves_forward');
END;

-- One row for each due time that was run or skipped; of skipped ones in a row, one for all.
CREATE TABLE bulletin_run (
    id INTEGER PRIMARY KEY,
    bulletin_id INTEGER NOT NULL REFERENCES bulletin (id),
    due_at TEXT NOT NULL,
    last_due_at TEXT NOT NULL,
    dues INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('begun', 'ended', 'skipped')),
    code TEXT NOT NULL DEFAULT '',
    alert_id INTEGER UNIQUE REFERENCES alert (id),
    begun_at TEXT NOT NULL,
    ended_at TEXT,
    UNIQUE (bulletin_id, due_at)
) STRICT;
CREATE INDEX bulletin_run_begun ON bulletin_run (id) WHERE state = 'begun';
CREATE TRIGGER bulletin_run_once BEFORE INSERT ON bulletin_run
WHEN NEW.due_at <= (
    SELECT max(last_due_at) FROM bulletin_run WHERE bulletin_id = NEW.bulletin_id
) BEGIN
    SELECT RAISE(ABORT, 'bulletin_run_once');
END;
CREATE TRIGGER bulletin_run_moves_forward BEFORE UPDATE ON bulletin_run
WHEN OLD.state <> 'begun' OR NEW.bulletin_id <> OLD.bulletin_id OR NEW.due_at <> OLD.due_at
    OR NEW.last_due_at <> OLD.last_due_at OR NEW.dues <> OLD.dues
    OR (OLD.alert_id IS NOT NULL AND NEW.alert_id IS NOT OLD.alert_id)
BEGIN
    SELECT RAISE(ABORT, 'bulletin_run_fixed');
END;
-- A drill that was planned stays a drill.
CREATE TRIGGER bulletin_run_exercise BEFORE UPDATE OF alert_id ON bulletin_run
WHEN NEW.alert_id IS NOT NULL
    AND (SELECT exercise FROM alert WHERE id = NEW.alert_id)
        IS NOT (SELECT exercise FROM bulletin WHERE id = NEW.bulletin_id)
BEGIN
    SELECT RAISE(ABORT, 'exercise_fixed');
END;

-- The times over which the messages of a bulletin are spread: [["from", "to"], ...] as JSON, in
-- which so much of it may have left as of the time has passed. NULL: as fast as it can.
ALTER TABLE alert ADD COLUMN spread TEXT;

-- The level of the plan Vigipirate that holds: the newest row.
CREATE TABLE vigipirate (
    id INTEGER PRIMARY KEY,
    level TEXT NOT NULL CHECK (level IN ('vigilance', 'securite-renforcee', 'urgence-attentat')),
    since TEXT NOT NULL,
    operator TEXT NOT NULL
) STRICT;
CREATE TRIGGER vigipirate_kept BEFORE UPDATE ON vigipirate BEGIN
    SELECT RAISE(ABORT, 'append_only');
END;
CREATE TRIGGER vigipirate_undeletable BEFORE DELETE ON vigipirate BEGIN
    SELECT RAISE(ABORT, 'append_only');
END;

-- A bulletin, too, may wait for a second person: the table as it was, with one kind more. (A table
-- cannot be renamed beside the triggers of SpatiaLite.)
CREATE TABLE approval_before AS SELECT * FROM approval;
DROP TABLE approval;
CREATE TABLE approval (
    id INTEGER PRIMARY KEY,
    ref TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('alert', 'override', 'bulletin')),
    request TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    idempotency_key TEXT,
    submitted_account TEXT NOT NULL,
    submitted_by TEXT NOT NULL,
    submitted_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    decision TEXT CHECK (decision IN ('approved', 'refused', 'withdrawn')),
    decided_account TEXT,
    decided_by TEXT,
    decided_at TEXT,
    alert_id INTEGER REFERENCES alert (id),
    CHECK (decision <> 'approved' OR decided_account <> submitted_account)
) STRICT;
INSERT INTO approval SELECT * FROM approval_before;
DROP TABLE approval_before;
CREATE INDEX approval_of_key ON approval (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE TRIGGER approval_fixed BEFORE UPDATE OF
    ref, kind, request, request_hash, submitted_account, submitted_by, submitted_at, expires_at
ON approval BEGIN
    SELECT RAISE(ABORT, 'approval_fixed');
END;
CREATE TRIGGER approval_decided_once BEFORE UPDATE OF decision ON approval
WHEN OLD.decision IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'approval_fixed');
END;
CREATE TRIGGER approval_as_asked BEFORE UPDATE OF alert_id ON approval
WHEN NEW.alert_id IS NOT NULL AND (
    NEW.kind <> 'alert' OR OLD.alert_id IS NOT NULL OR NEW.decision IS NOT 'approved'
    OR (SELECT request_hash FROM alert WHERE id = NEW.alert_id) IS NOT NEW.request_hash
) BEGIN
    SELECT RAISE(ABORT, 'approval_fixed');
END;
CREATE TRIGGER approval_exercise_fixed BEFORE UPDATE OF alert_id ON approval
WHEN NEW.alert_id IS NOT NULL
    AND (SELECT exercise FROM alert WHERE id = NEW.alert_id)
        IS NOT json_extract(NEW.request, '$.exercise')
BEGIN
    SELECT RAISE(ABORT, 'exercise_fixed');
END;
CREATE TRIGGER approval_in_time BEFORE UPDATE OF decision ON approval
WHEN NEW.decision = 'approved' AND NEW.decided_at >= OLD.expires_at BEGIN
    SELECT RAISE(ABORT, 'approval_expired');
END;
CREATE TRIGGER approval_undeletable BEFORE DELETE ON approval
WHEN OLD.decision IS NULL AND OLD.expires_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now') BEGIN
    SELECT RAISE(ABORT, 'approval_fixed');
END;
