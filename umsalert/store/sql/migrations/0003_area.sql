-- An alert to a polygon: its GeoJSON geometry; lat, lon and radius_m are then the point inside from
-- which distances are measured and how far its farthest corner lies. NULL: a circle.
ALTER TABLE alert ADD COLUMN polygon TEXT;
