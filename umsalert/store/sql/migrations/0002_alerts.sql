-- Alerts, what they say, whom they reach, every hand-over, every answer.
CREATE TABLE alert (
    id INTEGER PRIMARY KEY,
    ref TEXT NOT NULL UNIQUE,
    template TEXT NOT NULL,
    lat REAL NOT NULL,
    lon REAL NOT NULL,
    radius_m REAL NOT NULL,
    channels TEXT NOT NULL,
    variables TEXT NOT NULL,
    reason TEXT NOT NULL,
    exercise INTEGER NOT NULL CHECK (exercise IN (0, 1)),
    priority INTEGER NOT NULL,
    unknown_policy TEXT NOT NULL CHECK (unknown_policy IN ('hold', 'resend')),
    time_zone TEXT NOT NULL,
    incident_at TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    operator TEXT NOT NULL,
    left_out TEXT NOT NULL,
    idempotency_key TEXT UNIQUE,
    request_hash TEXT NOT NULL
) STRICT;
-- An exercise stays an exercise.
CREATE TRIGGER alert_exercise_fixed BEFORE UPDATE OF exercise ON alert
WHEN NEW.exercise <> OLD.exercise BEGIN
    SELECT RAISE(ABORT, 'exercise_fixed');
END;

CREATE TABLE alert_text (
    alert_id INTEGER NOT NULL REFERENCES alert (id),
    channel TEXT NOT NULL CHECK (channel IN ('sms', 'voice', 'email')),
    language TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    html TEXT NOT NULL,
    parts INTEGER NOT NULL,
    encoding TEXT NOT NULL,
    PRIMARY KEY (alert_id, channel, language)
) STRICT, WITHOUT ROWID;

-- The site as it stood when the alert was sent.
CREATE TABLE alert_site (
    alert_id INTEGER NOT NULL REFERENCES alert (id),
    site_id INTEGER NOT NULL REFERENCES site (id),
    ref TEXT NOT NULL,
    name TEXT NOT NULL,
    lat REAL NOT NULL,
    lon REAL NOT NULL,
    distance_m REAL NOT NULL,
    PRIMARY KEY (alert_id, site_id)
) STRICT, WITHOUT ROWID;

-- The transition table of model.py; a test holds the two together.
CREATE TABLE delivery_transition (
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    PRIMARY KEY (from_state, to_state)
) STRICT, WITHOUT ROWID;
INSERT INTO delivery_transition (from_state, to_state) VALUES
    ('queued', 'sending'), ('queued', 'failed'), ('queued', 'expired'), ('queued', 'cancelled'),
    ('queued', 'accepted'), ('queued', 'delivered'),
    ('sending', 'queued'), ('sending', 'accepted'), ('sending', 'failed'), ('sending', 'unknown'),
    ('sending', 'delivered'), ('sending', 'undelivered'),
    ('accepted', 'delivered'), ('accepted', 'undelivered'),
    ('unknown', 'queued'), ('unknown', 'accepted'), ('unknown', 'delivered'),
    ('unknown', 'undelivered'), ('unknown', 'failed'), ('unknown', 'expired'),
    ('unknown', 'cancelled'),
    ('failed', 'accepted'), ('failed', 'delivered'),
    ('expired', 'accepted'), ('expired', 'delivered'),
    ('cancelled', 'accepted'), ('cancelled', 'delivered'),
    ('undelivered', 'delivered');

CREATE TABLE delivery (
    id INTEGER PRIMARY KEY,
    alert_id INTEGER NOT NULL REFERENCES alert (id),
    site_id INTEGER NOT NULL REFERENCES site (id),
    contact_id INTEGER NOT NULL REFERENCES contact (id),
    channel TEXT NOT NULL CHECK (channel IN ('sms', 'voice', 'email')),
    address TEXT NOT NULL,
    language TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued',
    code TEXT NOT NULL DEFAULT '',
    attempts INTEGER NOT NULL DEFAULT 0,
    refusals INTEGER NOT NULL DEFAULT 0,
    next_attempt_at TEXT NOT NULL,
    queued_at TEXT NOT NULL,
    first_sent_at TEXT,
    accepted_at TEXT,
    delivered_at TEXT,
    ended_at TEXT,
    UNIQUE (alert_id, contact_id, channel)
) STRICT;
CREATE INDEX delivery_queue ON delivery (alert_id, channel, id) WHERE state = 'queued';
CREATE INDEX delivery_by_state ON delivery (alert_id, channel, state);

CREATE TRIGGER delivery_moves_forward BEFORE UPDATE OF state ON delivery
WHEN NEW.state <> OLD.state AND NOT EXISTS (
    SELECT 1 FROM delivery_transition WHERE from_state = OLD.state AND to_state = NEW.state
) BEGIN
    SELECT RAISE(ABORT, 'transition_forbidden');
END;

-- A person who is not vetted gets nothing, whichever code asks.
CREATE TRIGGER delivery_vetted BEFORE INSERT ON delivery
WHEN NEW.state <> 'queued' OR NOT EXISTS (
    SELECT 1 FROM contact JOIN site ON site.id = contact.site_id
    WHERE contact.id = NEW.contact_id AND site.id = NEW.site_id
        AND site.status = 'approved' AND contact.status = 'certified'
        AND NEW.address IN (contact.phone, contact.email)
) BEGIN
    SELECT RAISE(ABORT, 'not_vetted');
END;
CREATE TRIGGER delivery_recipient_fixed
BEFORE UPDATE OF alert_id, site_id, contact_id, channel, address ON delivery BEGIN
    SELECT RAISE(ABORT, 'recipient_fixed');
END;

-- A process that sends. What it holds is its own until the lease ends.
CREATE TABLE sender (
    id INTEGER PRIMARY KEY,
    alert_id INTEGER NOT NULL REFERENCES alert (id),
    pid INTEGER NOT NULL,
    host TEXT NOT NULL,
    operator TEXT NOT NULL,
    started_at TEXT NOT NULL,
    lease_until TEXT NOT NULL
) STRICT;

-- One row per hand-over, written before it. Its reference is `<alert ref>-<delivery id>-<n>`.
CREATE TABLE attempt (
    delivery_id INTEGER NOT NULL REFERENCES delivery (id),
    n INTEGER NOT NULL,
    sender_id INTEGER NOT NULL REFERENCES sender (id),
    token_sha256 BLOB NOT NULL,
    state TEXT NOT NULL DEFAULT 'sending' CHECK (state IN (
        'sending', 'accepted', 'refused', 'failed', 'unknown', 'delivered', 'undelivered'
    )),
    provider TEXT NOT NULL DEFAULT '',
    provider_id TEXT NOT NULL DEFAULT '',
    code TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '',
    started_at TEXT NOT NULL,
    deadline_at TEXT NOT NULL,
    settled_at TEXT,
    receipt_at TEXT,
    PRIMARY KEY (delivery_id, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempt_in_flight ON attempt (sender_id) WHERE state = 'sending';

CREATE TRIGGER attempt_vetted BEFORE INSERT ON attempt
WHEN NOT EXISTS (
    SELECT 1 FROM delivery
    JOIN contact ON contact.id = delivery.contact_id
    JOIN site ON site.id = delivery.site_id
    WHERE delivery.id = NEW.delivery_id
        AND site.status = 'approved' AND contact.status = 'certified'
) BEGIN
    SELECT RAISE(ABORT, 'not_vetted');
END;

-- Token buckets, shared by every process on this database.
CREATE TABLE rate_bucket (
    channel TEXT PRIMARY KEY,
    tokens REAL NOT NULL,
    refilled_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Webhooks as they arrived: stored first, answered, applied after.
CREATE TABLE inbox (
    id INTEGER PRIMARY KEY,
    provider TEXT NOT NULL,
    topic TEXT NOT NULL,
    key TEXT NOT NULL,
    reference TEXT NOT NULL,
    body BLOB NOT NULL,
    received_at TEXT NOT NULL,
    applied_at TEXT,
    problem TEXT NOT NULL DEFAULT '',
    UNIQUE (provider, key)
) STRICT;
CREATE INDEX inbox_pending ON inbox (id) WHERE applied_at IS NULL;

CREATE TABLE reply (
    id INTEGER PRIMARY KEY,
    alert_id INTEGER NOT NULL REFERENCES alert (id),
    site_id INTEGER NOT NULL REFERENCES site (id),
    contact_id INTEGER NOT NULL REFERENCES contact (id),
    delivery_id INTEGER REFERENCES delivery (id),
    inbox_id INTEGER REFERENCES inbox (id),
    channel TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('acknowledged', 'sighting')),
    text TEXT NOT NULL,
    raw TEXT NOT NULL,
    received_at TEXT NOT NULL
) STRICT;
CREATE INDEX reply_of_alert ON reply (alert_id, id);
