-- Who has approved an alert that needed a second person; empty where it needed none.
ALTER TABLE alert ADD COLUMN approved_by TEXT NOT NULL DEFAULT '';
CREATE TRIGGER alert_approved_fixed BEFORE UPDATE OF approved_by ON alert BEGIN
    SELECT RAISE(ABORT, 'approval_fixed');
END;

-- An approved alert is the one that was asked for: everything typed, and above all live or exercise.
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
-- A purge may take what is decided or has expired.
CREATE TRIGGER approval_undeletable BEFORE DELETE ON approval
WHEN OLD.decision IS NULL AND OLD.expires_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now') BEGIN
    SELECT RAISE(ABORT, 'approval_fixed');
END;
CREATE INDEX approval_of_key ON approval (idempotency_key) WHERE idempotency_key IS NOT NULL;

-- Somebody must be left who can give roles.
CREATE TRIGGER operator_role_administrator BEFORE DELETE ON operator_role
WHEN OLD.role = 'administrator' AND NOT EXISTS (
    SELECT 1 FROM operator_role WHERE role = 'administrator' AND account <> OLD.account
) BEGIN
    SELECT RAISE(ABORT, 'last_administrator');
END;

-- A checkpoint stays as the purge has written it.
CREATE TRIGGER audit_checkpoint_kept BEFORE UPDATE ON audit_checkpoint BEGIN
    SELECT RAISE(ABORT, 'append_only');
END;
