-- Sites and contacts. lat and lon are the authority; geom follows them for the R*Tree.
-- (site is not STRICT: SpatiaLite's POINT is no type that STRICT knows.)
CREATE TABLE site (
    id INTEGER PRIMARY KEY,
    ref TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    lat REAL NOT NULL CHECK (lat BETWEEN -90 AND 90),
    lon REAL NOT NULL CHECK (lon BETWEEN -180 AND 180),
    region TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    kind TEXT,
    address TEXT,
    postcode TEXT,
    commune TEXT,
    agents INTEGER CHECK (agents >= 0),
    hours TEXT,
    status TEXT NOT NULL CHECK (status IN ('requested', 'approved', 'suspended')),
    status_by TEXT NOT NULL,
    status_at TEXT NOT NULL
);

SELECT AddGeometryColumn('site', 'geom', 4326, 'POINT', 'XY', 1);
SELECT CreateSpatialIndex('site', 'geom');

-- A site whose point is elsewhere than its coordinates would be missed in silence.
CREATE TRIGGER site_located BEFORE INSERT ON site
WHEN NEW.lat <> ST_Y(NEW.geom) OR NEW.lon <> ST_X(NEW.geom) BEGIN
    SELECT RAISE(ABORT, 'site_misplaced');
END;
CREATE TRIGGER site_moved AFTER UPDATE OF lat, lon ON site BEGIN
    UPDATE site SET geom = MakePoint(NEW.lon, NEW.lat, 4326) WHERE id = NEW.id;
END;

CREATE TABLE contact (
    id INTEGER PRIMARY KEY,
    site_id INTEGER NOT NULL REFERENCES site (id),
    ref TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT,
    phone TEXT,
    phone_kind TEXT CHECK (phone_kind IN ('mobile', 'fixed')),
    email TEXT,
    card TEXT,
    language TEXT NOT NULL CHECK (language IN ('fr', 'en')),
    status TEXT NOT NULL CHECK (status IN ('named', 'certified', 'revoked')),
    status_by TEXT NOT NULL,
    status_at TEXT NOT NULL,
    CHECK (phone IS NOT NULL OR email IS NOT NULL),
    CHECK ((phone IS NULL) = (phone_kind IS NULL))
) STRICT;
CREATE INDEX contact_of_site ON contact (site_id, id);

-- Who vetted what, when and why; rows are only ever added.
CREATE TABLE status_change (
    id INTEGER PRIMARY KEY,
    noun TEXT NOT NULL CHECK (noun IN ('site', 'contact')),
    ref TEXT NOT NULL,
    from_status TEXT,
    to_status TEXT NOT NULL,
    operator TEXT NOT NULL,
    reason TEXT NOT NULL,
    changed_at TEXT NOT NULL
) STRICT;
CREATE TRIGGER status_change_kept BEFORE UPDATE ON status_change BEGIN
    SELECT RAISE(ABORT, 'append_only');
END;
CREATE TRIGGER status_change_undeletable BEFORE DELETE ON status_change BEGIN
    SELECT RAISE(ABORT, 'append_only');
END;
