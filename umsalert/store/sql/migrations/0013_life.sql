-- The life of a site and of a contact: what CNAPS weighs, until when, and every move that may be.
ALTER TABLE site ADD COLUMN leader TEXT;
ALTER TABLE site ADD COLUMN lockdown_procedure TEXT;
ALTER TABLE site ADD COLUMN convention_ref TEXT;
ALTER TABLE site ADD COLUMN client TEXT;
ALTER TABLE site ADD COLUMN company TEXT;
ALTER TABLE site ADD COLUMN company_authorisation TEXT;
ALTER TABLE site ADD COLUMN approved_until TEXT;
ALTER TABLE site ADD COLUMN suspended_until TEXT;

ALTER TABLE contact ADD COLUMN named_by TEXT;
ALTER TABLE contact ADD COLUMN card_valid_until TEXT;
-- Channels in the order in which they are wanted, with commas; NULL: all that the addresses allow.
ALTER TABLE contact ADD COLUMN channels TEXT;
-- Duty hours of one's own; NULL: those of the site.
ALTER TABLE contact ADD COLUMN hours TEXT;
-- Takes the site's alerts when nobody is on duty there, where the alert asks for that.
ALTER TABLE contact ADD COLUMN fallback INTEGER NOT NULL DEFAULT 0 CHECK (fallback IN (0, 1));

-- A CHECK cannot be altered, and rebuilding a table with a geometry is worse than the documented
-- way to loosen one (sqlite.org/lang_altertable.html, "making other kinds of table schema changes").
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(
    sql, 'CHECK (status IN (''requested'', ''approved'', ''suspended''))',
    'REFERENCES site_status (name)'
) WHERE name = 'site';
UPDATE sqlite_schema SET sql = replace(
    replace(
        sql, 'CHECK (status IN (''named'', ''certified'', ''revoked''))',
        'REFERENCES contact_status (name)'
    ),
    'CHECK (phone IS NOT NULL OR email IS NOT NULL)',
    'CHECK (phone IS NOT NULL OR email IS NOT NULL OR status = ''erased'')'
) WHERE name = 'contact';
PRAGMA writable_schema = RESET;

CREATE TABLE site_status (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO site_status (name) VALUES
    ('requested'), ('under_review'), ('approved'), ('suspended'), ('refused'), ('closed');
CREATE TABLE contact_status (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO contact_status (name) VALUES
    ('named'), ('certified'), ('expired'), ('revoked'), ('erased');

-- The moves of model/register.py; a test holds the two together.
CREATE TABLE status_move (
    noun TEXT NOT NULL CHECK (noun IN ('site', 'contact')),
    from_status TEXT NOT NULL,
    to_status TEXT NOT NULL,
    PRIMARY KEY (noun, from_status, to_status)
) STRICT, WITHOUT ROWID;
INSERT INTO status_move (noun, from_status, to_status) VALUES
    ('site', 'requested', 'under_review'), ('site', 'requested', 'approved'),
    ('site', 'requested', 'refused'), ('site', 'requested', 'closed'),
    ('site', 'under_review', 'approved'), ('site', 'under_review', 'refused'),
    ('site', 'under_review', 'closed'),
    ('site', 'approved', 'under_review'), ('site', 'approved', 'suspended'),
    ('site', 'approved', 'closed'),
    ('site', 'suspended', 'approved'), ('site', 'suspended', 'under_review'),
    ('site', 'suspended', 'closed'),
    ('site', 'refused', 'under_review'), ('site', 'refused', 'closed'),
    ('site', 'closed', 'requested'),
    ('contact', 'named', 'certified'), ('contact', 'named', 'revoked'),
    ('contact', 'certified', 'expired'), ('contact', 'certified', 'revoked'),
    ('contact', 'expired', 'certified'), ('contact', 'expired', 'revoked'),
    ('contact', 'revoked', 'named'), ('contact', 'revoked', 'certified'),
    ('contact', 'named', 'erased'), ('contact', 'certified', 'erased'),
    ('contact', 'expired', 'erased'), ('contact', 'revoked', 'erased');

CREATE TRIGGER site_move BEFORE UPDATE OF status ON site
WHEN NEW.status <> OLD.status AND NOT EXISTS (
    SELECT 1 FROM status_move
    WHERE noun = 'site' AND from_status = OLD.status AND to_status = NEW.status
) BEGIN
    SELECT RAISE(ABORT, 'move_forbidden');
END;
CREATE TRIGGER contact_move BEFORE UPDATE OF status ON contact
WHEN NEW.status <> OLD.status AND NOT EXISTS (
    SELECT 1 FROM status_move
    WHERE noun = 'contact' AND from_status = OLD.status AND to_status = NEW.status
) BEGIN
    SELECT RAISE(ABORT, 'move_forbidden');
END;

-- What time itself changes (store/lapses.py) is found without a look at the others.
CREATE INDEX site_approval_ends ON site (approved_until)
WHERE status = 'approved' AND approved_until IS NOT NULL;
CREATE INDEX site_suspension_ends ON site (suspended_until)
WHERE status = 'suspended' AND suspended_until IS NOT NULL;
CREATE INDEX contact_card_ends ON contact (card_valid_until)
WHERE status = 'certified' AND card_valid_until IS NOT NULL;
