-- What was estimated before the alert left, to compare with what happened: seconds by per cent, as
-- {"messages_s": {"50": ...}, "sites_s": {"50": ...}}. NULL: nothing was estimated.
ALTER TABLE alert ADD COLUMN expected TEXT;

-- The cell of the telephone network (h3) in which a site lies, so that no alert works it out.
-- NULL in rows that others wrote: then it is worked out when it is asked for.
ALTER TABLE site ADD COLUMN cell INTEGER;
UPDATE site SET cell = cell_of(lat, lon);
DROP TRIGGER site_moved;
CREATE TRIGGER site_moved AFTER UPDATE OF lat, lon ON site BEGIN
    UPDATE site SET geom = MakePoint(NEW.lon, NEW.lat, 4326), cell = cell_of(NEW.lat, NEW.lon)
    WHERE id = NEW.id;
END;
