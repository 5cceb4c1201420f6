-- Cards that were written down before their expiry was read from them.
UPDATE contact SET card_valid_until = card_end(
    card, (SELECT time_zone FROM site WHERE site.id = contact.site_id)
)
WHERE card IS NOT NULL AND card_valid_until IS NULL AND status <> 'erased';
