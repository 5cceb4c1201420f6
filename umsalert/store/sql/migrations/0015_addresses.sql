-- Until when a move holds; whose address was proven, and which have become doubtful.
ALTER TABLE status_change ADD COLUMN until TEXT;
CREATE INDEX status_change_of ON status_change (noun, ref, id);

-- What is known of a contact's telephone, or mailbox, as it stands now. `failures`: how many messages
-- to it in a row came back as undeliverable.
CREATE TABLE contact_address (
    contact_id INTEGER NOT NULL REFERENCES contact (id),
    kind TEXT NOT NULL CHECK (kind IN ('phone', 'email')),
    proven_at TEXT,
    proven_by TEXT,
    proven_channel TEXT CHECK (proven_channel IN ('sms', 'voice', 'email')),
    failures INTEGER NOT NULL DEFAULT 0,
    failed_at TEXT,
    failed_code TEXT,
    PRIMARY KEY (contact_id, kind)
) STRICT, WITHOUT ROWID;

-- A code on its way to an address: one for each, the newest.
CREATE TABLE contact_code (
    contact_id INTEGER NOT NULL REFERENCES contact (id),
    kind TEXT NOT NULL CHECK (kind IN ('phone', 'email')),
    channel TEXT NOT NULL CHECK (channel IN ('sms', 'voice', 'email')),
    salt BLOB NOT NULL,
    digest BLOB NOT NULL,
    sent_at TEXT NOT NULL,
    sent_by TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (contact_id, kind)
) STRICT, WITHOUT ROWID;

-- What was known of an address says nothing of another one.
CREATE TRIGGER contact_phone_changed AFTER UPDATE OF phone ON contact
WHEN NEW.phone IS NOT OLD.phone BEGIN
    DELETE FROM contact_address WHERE contact_id = NEW.id AND kind = 'phone';
    DELETE FROM contact_code WHERE contact_id = NEW.id AND kind = 'phone';
END;
CREATE TRIGGER contact_email_changed AFTER UPDATE OF email ON contact
WHEN NEW.email IS NOT OLD.email BEGIN
    DELETE FROM contact_address WHERE contact_id = NEW.id AND kind = 'email';
    DELETE FROM contact_code WHERE contact_id = NEW.id AND kind = 'email';
END;

-- Which words of a provider are about the address (1) and not about us, the provider or the moment
-- (0, which weighs more): docs/register.md. GLOB patterns.
CREATE TABLE address_fault (
    channel TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('failed', 'undelivered')),
    code TEXT NOT NULL,
    blames INTEGER NOT NULL CHECK (blames IN (0, 1)),
    PRIMARY KEY (channel, state, code)
) STRICT, WITHOUT ROWID;
INSERT INTO address_fault (channel, state, code, blames) VALUES
    -- An SMS that does not arrive tells of its number, unless the provider says otherwise.
    ('sms', 'undelivered', '*', 1),
    ('sms', 'undelivered', 'rejected', 0),
    ('sms', 'undelivered', '*throttled*', 0), ('sms', 'undelivered', '*1000', 0),
    ('sms', 'undelivered', '*internal*', 0), ('sms', 'undelivered', '*1030', 0),
    ('sms', 'undelivered', '*1060', 0), ('sms', 'undelivered', '*1070', 0),
    ('sms', 'undelivered', '*1080', 0),
    ('sms', 'undelivered', '*sender*', 0), ('sms', 'undelivered', '*1120', 0),
    ('sms', 'undelivered', '*spam*', 0), ('sms', 'undelivered', '*1220', 0),
    ('sms', 'undelivered', '*network*', 0), ('sms', 'undelivered', '*1240', 0),
    ('sms', 'undelivered', '*too_long*', 0), ('sms', 'undelivered', '*1241', 0),
    ('sms', 'undelivered', '*1260', 0),
    -- A call that nobody takes tells of the moment.
    ('voice', 'undelivered', 'failed', 1), ('voice', 'undelivered', 'invalid*', 1),
    ('voice', 'undelivered', 'unallocated*', 1), ('voice', 'undelivered', 'unknown_number', 1),
    -- RFC 3463: x.1 is the address, x.2 the mailbox, x.4.4 a domain without a way to it.
    ('email', 'undelivered', 'bounced', 1), ('email', 'undelivered', 'bounced_5.1.*', 1),
    ('email', 'undelivered', 'bounced_5.2.*', 1), ('email', 'undelivered', 'bounced_5.4.4', 1),
    ('email', 'undelivered', 'bounced_5.1.7', 0), ('email', 'undelivered', 'bounced_5.1.8', 0),
    ('email', 'undelivered', 'bounced_5.2.3', 0),
    -- Refused at once, and for this recipient.
    ('email', 'failed', '5.1.*', 1), ('email', 'failed', '5.2.*', 1), ('email', 'failed', '5.4.4', 1),
    ('email', 'failed', '55[013]', 1),
    ('email', 'failed', '5.1.7', 0), ('email', 'failed', '5.1.8', 0), ('email', 'failed', '5.2.3', 0),
    ('sms', 'failed', '*1150', 1), ('sms', 'failed', '*1170', 1), ('sms', 'failed', '*1250', 1),
    ('sms', 'failed', 'invalid_params', 1), ('sms', 'failed', 'http_422', 1),
    ('voice', 'failed', 'invalid*', 1), ('voice', 'failed', 'http_422', 1);

CREATE VIEW contact_own AS
SELECT id AS contact_id, phone AS address FROM contact WHERE phone IS NOT NULL
UNION ALL
SELECT id, email FROM contact WHERE email IS NOT NULL;

CREATE TRIGGER delivery_blames_address AFTER UPDATE OF state ON delivery
WHEN NEW.state IN ('failed', 'undelivered') AND NEW.state <> OLD.state
    AND (
        SELECT min(blames) FROM address_fault
        WHERE channel = NEW.channel AND state = NEW.state AND NEW.code GLOB code
    ) = 1
BEGIN
    INSERT INTO contact_address (contact_id, kind, failures, failed_at, failed_code)
    SELECT id, iif(NEW.channel = 'email', 'email', 'phone'), 1, NEW.ended_at, NEW.code
    FROM contact WHERE id = NEW.contact_id AND NEW.address IN (phone, email)
    ON CONFLICT (contact_id, kind) DO UPDATE SET
        failures = failures + 1, failed_at = excluded.failed_at, failed_code = excluded.failed_code;
END;

-- One that arrives, or is answered, clears the address.
CREATE TRIGGER delivery_clears_address AFTER UPDATE OF state ON delivery
WHEN NEW.state = 'delivered' AND OLD.state <> 'delivered' BEGIN
    UPDATE contact_address SET failures = 0
    WHERE contact_id = NEW.contact_id AND kind = iif(NEW.channel = 'email', 'email', 'phone')
        AND failures > 0
        AND NEW.address IN (SELECT address FROM contact_own WHERE contact_id = NEW.contact_id);
END;
CREATE TRIGGER reply_clears_address AFTER INSERT ON reply
WHEN NEW.delivery_id IS NOT NULL AND NEW.source <> 'operator' AND NEW.kind <> 'wrong_person' BEGIN
    UPDATE contact_address SET failures = 0
    WHERE failures > 0 AND (contact_id, kind) IN (
        SELECT contact_id, iif(channel = 'email', 'email', 'phone') FROM delivery
        WHERE id = NEW.delivery_id
            AND address IN (SELECT address FROM contact_own WHERE contact_id = delivery.contact_id)
    );
END;
