-- name: route
SELECT * FROM route WHERE provider = :provider AND channel = :channel

-- name: save_route
INSERT INTO route (
    provider, channel, ceiling_per_s, rate_per_s, tokens, refilled_at, slowed_at, blocked_until
) VALUES (
    :provider, :channel, :ceiling_per_s, :rate_per_s, :tokens, :refilled_at, :slowed_at,
    :blocked_until
)
ON CONFLICT (provider, channel) DO UPDATE SET
    ceiling_per_s = excluded.ceiling_per_s, rate_per_s = excluded.rate_per_s,
    tokens = excluded.tokens, refilled_at = excluded.refilled_at,
    slowed_at = excluded.slowed_at, blocked_until = excluded.blocked_until

-- name: routes
SELECT * FROM route ORDER BY channel, provider

-- name: stand_back
-- An alert of a lower number lacks tokens right now.
SELECT 1 FROM lane_wait
WHERE provider = :provider AND channel = :channel AND priority < :priority AND until > :now

-- name: lack
INSERT INTO lane_wait (provider, channel, priority, until)
VALUES (:provider, :channel, :priority, :until)
ON CONFLICT DO UPDATE SET until = excluded.until

-- name: in_flight_elsewhere
-- Hand-overs of other living senders that have no answer yet.
SELECT count(*) AS n
FROM sender INDEXED BY sender_living
CROSS JOIN attempt ON attempt.sender_id = sender.id AND attempt.state = 'sending'
JOIN delivery ON delivery.id = attempt.delivery_id
WHERE sender.lease_until > :now AND sender.id <> :sender_id
    AND attempt.provider = :provider AND delivery.channel = :channel

-- name: calls
-- Calls of a provider that were taken lately and of which no end is known.
SELECT count(*) AS n
FROM delivery INDEXED BY delivery_on_line
JOIN attempt ON attempt.delivery_id = delivery.id AND attempt.n = delivery.attempts
WHERE delivery.channel = 'voice' AND delivery.state = 'accepted' AND delivery.accepted_at > :since
    AND attempt.provider = :provider
