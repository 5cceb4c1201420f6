-- A provider that repeats nothing of ours names a hand-over by its own id alone.
CREATE INDEX attempt_by_provider_id ON attempt (provider_id, provider) WHERE provider_id <> '';
