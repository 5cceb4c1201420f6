-- A site at which somebody has answered needs no further message, where the template says so.
ALTER TABLE alert ADD COLUMN stop_when_acknowledged INTEGER NOT NULL DEFAULT 0
    CHECK (stop_when_acknowledged IN (0, 1));
ALTER TABLE alert_site ADD COLUMN stopped_at TEXT;

INSERT INTO delivery_transition (from_state, to_state) VALUES
    ('queued', 'not_needed'), ('sending', 'not_needed'), ('unknown', 'not_needed'),
    ('not_needed', 'accepted'), ('not_needed', 'delivered');

-- Stopped once, stopped for good, whichever code asks.
CREATE TRIGGER delivery_of_stopped_site BEFORE UPDATE OF state ON delivery
WHEN NEW.state IN ('queued', 'sending') AND NEW.state <> OLD.state AND EXISTS (
    SELECT 1 FROM alert_site
    WHERE alert_id = NEW.alert_id AND site_id = NEW.site_id AND stopped_at IS NOT NULL
) BEGIN
    SELECT RAISE(ABORT, 'site_acknowledged');
END;
