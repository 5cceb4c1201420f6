-- Which people of its incident a follow-up is for; an incident that is closed gets nothing more.
ALTER TABLE alert ADD COLUMN follows_to TEXT;

-- What is closed stops as what is cancelled does, in whichever process it is being sent.
DROP TRIGGER delivery_of_cancelled;
CREATE TRIGGER delivery_of_cancelled BEFORE UPDATE OF state ON delivery
WHEN NEW.state IN ('queued', 'sending') AND NEW.state <> OLD.state AND EXISTS (
    SELECT 1 FROM alert
    WHERE id = NEW.alert_id AND (cancelled_at IS NOT NULL OR closed_at IS NOT NULL)
) BEGIN
    SELECT RAISE(ABORT, 'alert_cancelled');
END;

-- What was cancelled has a correction, and goes to nobody else; nothing follows an alert of a closed
-- incident but the one message that says so.
CREATE TRIGGER alert_follows_valid BEFORE INSERT ON alert
WHEN NEW.follows_id IS NOT NULL AND NEW.follows_as NOT IN ('correction', 'closing')
    AND (SELECT cancelled_at FROM alert WHERE id = NEW.follows_id) IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'alert_cancelled');
END;
CREATE TRIGGER alert_follows_open BEFORE INSERT ON alert
WHEN NEW.follows_id IS NOT NULL AND NEW.follows_as <> 'closing' AND EXISTS (
    SELECT 1 FROM alert AS earlier
    JOIN alert AS first ON first.id = coalesce(earlier.incident_id, earlier.id)
    WHERE earlier.id = NEW.follows_id AND first.closed_at IS NOT NULL
) BEGIN
    SELECT RAISE(ABORT, 'incident_closed');
END;
CREATE UNIQUE INDEX alert_closing ON alert (incident_id) WHERE follows_as = 'closing';

-- An alert as it is read: with its incident, the one it follows, and those that follow it.
DROP VIEW alert_linked;
CREATE VIEW alert_linked AS
SELECT
    alert.*,
    first.ref AS incident_ref,
    first.closed_at AS incident_closed_at,
    first.closed_by AS incident_closed_by,
    first.outcome AS incident_outcome,
    (SELECT ref FROM alert AS earlier WHERE earlier.id = alert.follows_id) AS follows_ref,
    (
        SELECT json_group_array(json_array(later.ref, later.follows_as, later.follows_to))
        FROM alert AS later WHERE later.follows_id = alert.id
    ) AS followers
FROM alert JOIN alert AS first ON first.id = coalesce(alert.incident_id, alert.id);
