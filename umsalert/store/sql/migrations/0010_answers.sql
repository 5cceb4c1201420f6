-- Answers of every kind, by every way; those that nobody could tie to an alert; photos; closing.
CREATE TABLE reply_before AS SELECT * FROM reply;
DROP TABLE reply;
CREATE TABLE reply (
    id INTEGER PRIMARY KEY,
    alert_id INTEGER REFERENCES alert (id),
    site_id INTEGER REFERENCES site (id),
    contact_id INTEGER REFERENCES contact (id),
    delivery_id INTEGER REFERENCES delivery (id),
    inbox_id INTEGER REFERENCES inbox (id),
    source TEXT NOT NULL CHECK (source IN ('link', 'voice', 'sms', 'email', 'operator')),
    sender TEXT NOT NULL DEFAULT '',
    kind TEXT NOT NULL CHECK (kind IN (
        'sighting', 'locked_down', 'acknowledged', 'cannot', 'wrong_person'
    )),
    text TEXT NOT NULL DEFAULT '',
    direction TEXT NOT NULL DEFAULT '',
    seen_at TEXT,
    raw TEXT NOT NULL,
    received_at TEXT NOT NULL,
    entered_by TEXT NOT NULL DEFAULT '',
    undone_at TEXT,
    CHECK ((alert_id IS NULL) = (site_id IS NULL))
) STRICT;
INSERT INTO reply (
    id, alert_id, site_id, contact_id, delivery_id, inbox_id, source, kind, text, raw, received_at
)
SELECT
    id, alert_id, site_id, contact_id, delivery_id, inbox_id, channel, kind, text, raw, received_at
FROM reply_before;
DROP TABLE reply_before;
CREATE INDEX reply_of_alert ON reply (alert_id, id);
CREATE INDEX reply_of_contact ON reply (contact_id, alert_id);

CREATE TABLE photo (
    id INTEGER PRIMARY KEY,
    reply_id INTEGER NOT NULL REFERENCES reply (id),
    media_type TEXT NOT NULL,
    width_px INTEGER NOT NULL,
    height_px INTEGER NOT NULL,
    content BLOB NOT NULL,
    received_at TEXT NOT NULL
) STRICT;
CREATE INDEX photo_of_reply ON photo (reply_id);

-- Whose number or mailbox an answer comes from.
CREATE INDEX contact_phone ON contact (phone) WHERE phone IS NOT NULL;
CREATE INDEX contact_email ON contact (email COLLATE NOCASE) WHERE email IS NOT NULL;

-- An alert and all that follow it are one incident: its first alert, NULL where it is that itself.
ALTER TABLE alert ADD COLUMN incident_id INTEGER REFERENCES alert (id);
ALTER TABLE alert ADD COLUMN closed_at TEXT;
ALTER TABLE alert ADD COLUMN closed_by TEXT;
ALTER TABLE alert ADD COLUMN outcome TEXT NOT NULL DEFAULT '';
WITH RECURSIVE chain (id, first_id) AS (
    SELECT id, id FROM alert WHERE follows_id IS NULL
    UNION ALL
    SELECT alert.id, chain.first_id FROM alert JOIN chain ON alert.follows_id = chain.id
)
UPDATE alert SET incident_id = (SELECT first_id FROM chain WHERE chain.id = alert.id)
WHERE follows_id IS NOT NULL;
CREATE INDEX alert_of_incident ON alert (incident_id) WHERE incident_id IS NOT NULL;
CREATE TRIGGER alert_close_fixed BEFORE UPDATE OF closed_at, closed_by, outcome ON alert
WHEN OLD.closed_at IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'close_fixed');
END;

DROP VIEW alert_linked;
CREATE VIEW alert_linked AS
SELECT
    alert.*,
    (SELECT ref FROM alert AS first WHERE first.id = alert.incident_id) AS incident_ref,
    (SELECT ref FROM alert AS earlier WHERE earlier.id = alert.follows_id) AS follows_ref,
    (
        SELECT json_group_array(json_array(later.ref, later.follows_as))
        FROM alert AS later WHERE later.follows_id = alert.id
    ) AS followers
FROM alert;

-- An answer as it is read: with the names of its alert, site and contact as they stood.
CREATE VIEW reply_read AS
SELECT
    reply.*, coalesce(alert.ref, '') AS alert_ref, coalesce(alert_site.ref, '') AS site_ref,
    coalesce(alert_site.name, '') AS site_name, coalesce(alert_site.distance_m, 0.0) AS distance_m,
    coalesce(contact.ref, '') AS contact_ref, delivery.channel,
    (SELECT count(*) FROM photo WHERE photo.reply_id = reply.id) AS photos
FROM reply
LEFT JOIN alert ON alert.id = reply.alert_id
LEFT JOIN alert_site
    ON alert_site.alert_id = reply.alert_id AND alert_site.site_id = reply.site_id
LEFT JOIN contact ON contact.id = reply.contact_id
LEFT JOIN delivery ON delivery.id = reply.delivery_id;
