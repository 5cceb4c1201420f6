-- When an alert's messages were accepted, in order: shares and the first SMS of many alerts at once.
-- An entry is written once, at acceptance, behind those before it: next to nothing while sending.
CREATE INDEX delivery_accepted ON delivery (alert_id, accepted_at, channel)
WHERE accepted_at IS NOT NULL;
