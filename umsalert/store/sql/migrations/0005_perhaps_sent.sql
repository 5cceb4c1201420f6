-- What may have left once, waits to be sent again and is not after all is unknown, not expired.
INSERT INTO delivery_transition (from_state, to_state) VALUES ('queued', 'unknown');
