-- Many alerts taken together. Each subquery stays within one alert, whose deliveries lie together.

-- name: alerts
SELECT
    alert.ref, alert.template, alert.operator,
    coalesce((
        SELECT site.commune FROM alert_site JOIN site ON site.id = alert_site.site_id
        WHERE alert_site.alert_id = alert.id
        ORDER BY alert_site.distance_m, alert_site.ref LIMIT 1
    ), '') AS commune,
    alert.exercise, alert.incident_at, alert.created_at
FROM alert
