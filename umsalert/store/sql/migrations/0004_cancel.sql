-- An alert can be cancelled, and an alert can go to the recipients of an earlier one.
ALTER TABLE alert ADD COLUMN cancelled_at TEXT;
ALTER TABLE alert ADD COLUMN cancelled_by TEXT;
ALTER TABLE alert ADD COLUMN cancel_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE alert ADD COLUMN follows_id INTEGER REFERENCES alert (id);
ALTER TABLE alert ADD COLUMN follows_as TEXT CHECK ((follows_as IS NULL) = (follows_id IS NULL));
CREATE INDEX alert_follows ON alert (follows_id) WHERE follows_id IS NOT NULL;

-- Cancelled once, cancelled for good, in whichever process it is being sent.
CREATE TRIGGER alert_cancel_fixed
BEFORE UPDATE OF cancelled_at, cancelled_by, cancel_reason ON alert
WHEN OLD.cancelled_at IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'cancel_fixed');
END;
CREATE TRIGGER delivery_of_cancelled BEFORE UPDATE OF state ON delivery
WHEN NEW.state IN ('queued', 'sending') AND NEW.state <> OLD.state AND EXISTS (
    SELECT 1 FROM alert WHERE id = NEW.alert_id AND cancelled_at IS NOT NULL
) BEGIN
    SELECT RAISE(ABORT, 'alert_cancelled');
END;
-- A message on the wire may come back refused after its alert was cancelled.
INSERT INTO delivery_transition (from_state, to_state) VALUES ('sending', 'cancelled');

-- What follows an exercise is an exercise, what follows a live alert is live.
CREATE TRIGGER alert_follows_kind BEFORE INSERT ON alert
WHEN NEW.follows_id IS NOT NULL
    AND NEW.exercise <> (SELECT exercise FROM alert WHERE id = NEW.follows_id)
BEGIN
    SELECT RAISE(ABORT, 'exercise_fixed');
END;

-- An alert as it is read: with the one it follows, and those that follow it.
CREATE VIEW alert_linked AS
SELECT
    alert.*,
    (SELECT ref FROM alert AS earlier WHERE earlier.id = alert.follows_id) AS follows_ref,
    (
        SELECT json_group_array(json_array(later.ref, later.follows_as))
        FROM alert AS later WHERE later.follows_id = alert.id
    ) AS followers
FROM alert;
