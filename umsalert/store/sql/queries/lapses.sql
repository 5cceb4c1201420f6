-- name: due
-- The conditions repeat those of the indices, or they would not be used.
SELECT
    EXISTS (
        SELECT 1 FROM contact
        WHERE status = 'certified' AND card_valid_until IS NOT NULL AND card_valid_until <= :now
    ) OR EXISTS (
        SELECT 1 FROM site
        WHERE status = 'approved' AND approved_until IS NOT NULL AND approved_until <= :now
    ) OR EXISTS (
        SELECT 1 FROM site
        WHERE status = 'suspended' AND suspended_until IS NOT NULL AND suspended_until <= :now
    ) AS due

-- name: both_ended
SELECT ref FROM site
WHERE status = 'suspended' AND suspended_until IS NOT NULL AND suspended_until <= :now
    AND approved_until <= :now

-- name: suspension_ended
SELECT ref FROM site
WHERE status = 'suspended' AND suspended_until IS NOT NULL AND suspended_until <= :now

-- name: approval_ended
SELECT ref FROM site
WHERE status = 'approved' AND approved_until IS NOT NULL AND approved_until <= :now

-- name: card_expired
SELECT ref FROM contact
WHERE status = 'certified' AND card_valid_until IS NOT NULL AND card_valid_until <= :now
