-- How many answers somebody has written of late.
CREATE INDEX reply_written ON reply (contact_id, sender, id) WHERE source IN ('sms', 'email');
