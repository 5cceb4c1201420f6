-- Who is there: by whose holidays, by a contact's own hours, and what if nobody is.

-- Whose public holidays hold at a site: its region's; in Alsace and Moselle there are two more.
ALTER TABLE site ADD COLUMN calendar TEXT GENERATED ALWAYS AS (
    iif(region = 'FR' AND substr(postcode, 1, 2) IN ('57', '67', '68'), 'FR-AM', region)
) VIRTUAL;

-- The few contacts with hours of their own are found without a look at the others.
CREATE INDEX contact_own_hours ON contact (site_id, hours)
WHERE status = 'certified' AND hours IS NOT NULL;

-- What an alert does with sites where nobody is on duty.
ALTER TABLE alert ADD COLUMN off_duty TEXT NOT NULL DEFAULT 'skip'
CHECK (off_duty IN ('skip', 'include', 'fallback-contact'));
