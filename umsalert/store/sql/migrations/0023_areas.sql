-- What an area is beyond its circle or polygon, as JSON: the communes, départements or régions that
-- the polygon is the outline of; everywhere; the kinds of sites and the refs it is narrowed down to.
-- NULL: a bare circle or polygon.
ALTER TABLE alert ADD COLUMN area TEXT;
