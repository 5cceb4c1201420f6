-- A way to a provider: its token bucket, the rate it was found to take and how it does, shared by
-- every process. `ceiling_per_s` is the configured rate, `rate_per_s` the learned one, never above
-- it; from `noted_at` on it is `umsalert.health.Health`.
CREATE TABLE route (
    provider TEXT NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN ('sms', 'voice', 'email')),
    ceiling_per_s REAL NOT NULL CHECK (ceiling_per_s > 0),
    rate_per_s REAL NOT NULL CHECK (rate_per_s > 0),
    tokens REAL NOT NULL,
    refilled_at TEXT NOT NULL,
    slowed_at TEXT,
    blocked_until TEXT,
    noted_at TEXT NOT NULL,
    good REAL NOT NULL DEFAULT 0,
    bad REAL NOT NULL DEFAULT 0,
    rests INTEGER NOT NULL DEFAULT 0,
    rests_until TEXT,
    fault_code TEXT NOT NULL DEFAULT '',
    fault_at TEXT,
    PRIMARY KEY (provider, channel)
) STRICT, WITHOUT ROWID;
DROP TABLE rate_bucket;

-- Who has lately found too few tokens: alerts of a higher number stand back until then.
CREATE TABLE lane_wait (
    provider TEXT NOT NULL,
    channel TEXT NOT NULL,
    priority INTEGER NOT NULL,
    until TEXT NOT NULL,
    PRIMARY KEY (provider, channel, priority)
) STRICT, WITHOUT ROWID;

-- Where an alert writes to more telephones than the cell of their radio network takes at once, its
-- messages carry that cell (h3, as a signed 64-bit integer) and wait for its pace; elsewhere NULL.
ALTER TABLE alert ADD COLUMN cell_rate_per_s REAL NOT NULL DEFAULT 0;
ALTER TABLE alert ADD COLUMN cell_burst INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN cell INTEGER;
CREATE TABLE alert_cell (
    alert_id INTEGER NOT NULL REFERENCES alert (id),
    cell INTEGER NOT NULL,
    PRIMARY KEY (alert_id, cell)
) STRICT, WITHOUT ROWID;
-- From when on a cell takes the next message: a rate with a burst (GCRA), shared by all alerts.
CREATE TABLE cell_pace (
    cell INTEGER PRIMARY KEY,
    free_at TEXT NOT NULL
) STRICT;
DROP INDEX delivery_queue;
CREATE INDEX delivery_queue ON delivery (alert_id, channel, cell) WHERE state = 'queued';

CREATE INDEX sender_living ON sender (lease_until);
-- Calls that were taken and have not ended by a receipt.
CREATE INDEX delivery_on_line ON delivery (accepted_at)
WHERE channel = 'voice' AND state = 'accepted';

-- Counts that cost the same however many deliveries there are.
CREATE TABLE delivery_count (
    alert_id INTEGER NOT NULL REFERENCES alert (id),
    channel TEXT NOT NULL,
    state TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (alert_id, channel, state)
) STRICT, WITHOUT ROWID;
INSERT INTO delivery_count (alert_id, channel, state, n)
SELECT alert_id, channel, state, count(*) FROM delivery GROUP BY alert_id, channel, state;
DROP INDEX delivery_by_state;
CREATE TRIGGER delivery_counted AFTER INSERT ON delivery BEGIN
    INSERT INTO delivery_count (alert_id, channel, state, n)
    VALUES (NEW.alert_id, NEW.channel, NEW.state, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER delivery_recounted AFTER UPDATE OF state ON delivery
WHEN NEW.state <> OLD.state BEGIN
    UPDATE delivery_count SET n = n - 1
    WHERE alert_id = OLD.alert_id AND channel = OLD.channel AND state = OLD.state;
    INSERT INTO delivery_count (alert_id, channel, state, n)
    VALUES (NEW.alert_id, NEW.channel, NEW.state, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER delivery_uncounted AFTER DELETE ON delivery BEGIN
    UPDATE delivery_count SET n = n - 1
    WHERE alert_id = OLD.alert_id AND channel = OLD.channel AND state = OLD.state;
END;
