-- What may be taken away from the record: who a message went to, once nothing more leaves; why a
-- contact was vetted, once the contact is erased; what operators wrote of an incident that is over.
DROP TRIGGER delivery_recipient_fixed;
CREATE TRIGGER delivery_recipient_fixed
BEFORE UPDATE OF alert_id, site_id, contact_id, channel, address ON delivery
WHEN NEW.alert_id <> OLD.alert_id OR NEW.site_id <> OLD.site_id
    OR NEW.contact_id <> OLD.contact_id OR NEW.channel <> OLD.channel
    OR NOT (NEW.address = '' AND OLD.state NOT IN ('queued', 'sending'))
BEGIN
    SELECT RAISE(ABORT, 'recipient_fixed');
END;

DROP TRIGGER status_change_kept;
CREATE TRIGGER status_change_kept BEFORE UPDATE ON status_change
WHEN NEW.id <> OLD.id OR NEW.noun <> OLD.noun OR NEW.ref <> OLD.ref
    OR NEW.from_status IS NOT OLD.from_status OR NEW.to_status <> OLD.to_status
    OR NEW.operator <> OLD.operator OR NEW.changed_at <> OLD.changed_at
    OR NEW.until IS NOT OLD.until
    OR NEW.reason <> '[erased]' OR NEW.noun <> 'contact'
    OR (SELECT status FROM contact WHERE ref = NEW.ref) IS NOT 'erased'
BEGIN
    SELECT RAISE(ABORT, 'append_only');
END;

DROP TRIGGER alert_cancel_fixed;
CREATE TRIGGER alert_cancel_fixed
BEFORE UPDATE OF cancelled_at, cancelled_by, cancel_reason ON alert
WHEN OLD.cancelled_at IS NOT NULL AND NOT (
    NEW.cancelled_at IS OLD.cancelled_at AND NEW.cancelled_by IS OLD.cancelled_by
    AND NEW.cancel_reason = ''
) BEGIN
    SELECT RAISE(ABORT, 'cancel_fixed');
END;
DROP TRIGGER alert_close_fixed;
CREATE TRIGGER alert_close_fixed BEFORE UPDATE OF closed_at, closed_by, outcome ON alert
WHEN OLD.closed_at IS NOT NULL AND NOT (
    NEW.closed_at IS OLD.closed_at AND NEW.closed_by IS OLD.closed_by AND NEW.outcome = ''
) BEGIN
    SELECT RAISE(ABORT, 'close_fixed');
END;

-- Nobody who was erased is taken into the register again under the same ref.
CREATE TRIGGER contact_erased BEFORE UPDATE ON contact WHEN OLD.status = 'erased' BEGIN
    SELECT RAISE(ABORT, 'contact_erased');
END;

-- What a purge looks for, without a look at what is younger.
CREATE INDEX inbox_received ON inbox (received_at) WHERE length(body) > 0;
