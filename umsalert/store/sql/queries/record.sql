-- name: deliveries
SELECT
    delivery.id AS delivery_id, alert_site.ref AS site_ref, alert_site.name AS site_name,
    alert_site.distance_m, contact.ref AS contact_ref, contact.name AS contact_name,
    delivery.channel, delivery.address, delivery.language, delivery.state, delivery.code,
    delivery.attempts,
    (
        SELECT count(*) FROM attempt
        WHERE attempt.delivery_id = delivery.id
            AND attempt.state IN ('sending', 'unknown', 'accepted', 'delivered')
    ) AS copies_at_most,
    delivery.queued_at, delivery.first_sent_at, delivery.accepted_at,
    delivery.delivered_at, delivery.ended_at
FROM delivery
JOIN alert_site
    ON alert_site.alert_id = delivery.alert_id AND alert_site.site_id = delivery.site_id
JOIN contact ON contact.id = delivery.contact_id
WHERE delivery.alert_id = :alert_id
ORDER BY alert_site.distance_m, alert_site.ref, contact.ref, delivery.id
