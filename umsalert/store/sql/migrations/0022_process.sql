-- The account of the process in which somebody asked: the name behind sudo can be made up. Empty where
-- it was asked for before this was kept.
ALTER TABLE approval ADD COLUMN submitted_process TEXT NOT NULL DEFAULT '';
CREATE TRIGGER approval_process_fixed BEFORE UPDATE OF submitted_process ON approval BEGIN
    SELECT RAISE(ABORT, 'approval_fixed');
END;
