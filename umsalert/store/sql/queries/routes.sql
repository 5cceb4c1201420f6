-- name: route
SELECT * FROM route WHERE provider = :provider AND channel = :channel

-- name: save
INSERT OR REPLACE INTO route (
    provider, channel, ceiling_per_s, rate_per_s, tokens, refilled_at, slowed_at, blocked_until,
    noted_at, good, bad, rests, rests_until, fault_code, fault_at
) VALUES (
    :provider, :channel, :ceiling_per_s, :rate_per_s, :tokens, :refilled_at, :slowed_at,
    :blocked_until, :noted_at, :good, :bad, :rests, :rests_until, :fault_code, :fault_at
)

-- name: routes
SELECT * FROM route ORDER BY channel, provider

-- name: receipts
-- Of some hand-overs, how many a receipt has come for.
SELECT count(*) AS n
FROM json_each(:attempts) AS item
JOIN attempt ON attempt.delivery_id = json_extract(item.value, '$[0]')
    AND attempt.n = json_extract(item.value, '$[1]')
WHERE attempt.receipt_at IS NOT NULL

-- name: last_webhook
SELECT received_at FROM inbox ORDER BY id DESC LIMIT 1

-- name: stand_back
-- An alert of a lower number lacks tokens right now.
SELECT 1 FROM lane_wait
WHERE provider = :provider AND channel = :channel AND priority < :priority
    AND until > :now AND until <= :at_most

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
WHERE sender.lease_until > :now AND sender.lease_until <= :at_most AND sender.id <> :sender_id
    AND attempt.provider = :provider AND delivery.channel = :channel

-- name: calls
-- Calls of a provider that were taken lately and of which no end is known.
SELECT count(*) AS n
FROM delivery INDEXED BY delivery_on_line
JOIN attempt ON attempt.delivery_id = delivery.id AND attempt.n = delivery.attempts
WHERE delivery.channel = 'voice' AND delivery.state = 'accepted'
    AND delivery.accepted_at > :since AND delivery.accepted_at <= :now
    AND attempt.provider = :provider
