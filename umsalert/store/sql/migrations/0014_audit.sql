-- Who did what: each entry holds the hash of the one before (store/audit.py). No personal data but
-- the ids of sites, contacts, alerts and operators.
CREATE TABLE audit (
    n INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    operator TEXT NOT NULL,
    action TEXT NOT NULL,
    noun TEXT NOT NULL,
    ref TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous_sha256 TEXT NOT NULL,
    sha256 TEXT NOT NULL
) STRICT;
CREATE INDEX audit_of ON audit (noun, ref, n);

-- Where a purge has cut the chain off: its last entry that is gone.
CREATE TABLE audit_checkpoint (
    n INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;

CREATE TRIGGER audit_kept BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'append_only');
END;
CREATE TRIGGER audit_undeletable BEFORE DELETE ON audit
WHEN OLD.n > (SELECT coalesce(max(n), 0) FROM audit_checkpoint) BEGIN
    SELECT RAISE(ABORT, 'append_only');
END;

-- What each account may do. No row at all: everybody who can write the file may do everything.
CREATE TABLE operator_role (
    account TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('clerk', 'officer', 'auditor', 'administrator')),
    PRIMARY KEY (account, role)
) STRICT, WITHOUT ROWID;

-- What waits for a second person: an alert as it was asked for, or sites to approve without all
-- their facts. What was asked for is fixed; it is decided once.
CREATE TABLE approval (
    id INTEGER PRIMARY KEY,
    ref TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('alert', 'override')),
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
CREATE TRIGGER approval_fixed BEFORE UPDATE OF
    ref, kind, request, request_hash, submitted_account, submitted_by, submitted_at, expires_at
ON approval BEGIN
    SELECT RAISE(ABORT, 'approval_fixed');
END;
CREATE TRIGGER approval_decided_once BEFORE UPDATE OF decision ON approval
WHEN OLD.decision IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'approval_fixed');
END;
