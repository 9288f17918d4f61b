-- Until when an administrator has disabled the user, in seconds since 1970 in UTC; NULL if without an end.
ALTER TABLE users ADD COLUMN disabled_until INTEGER;

-- Why, in an administrator's words.
ALTER TABLE users ADD COLUMN disabled_reason VARCHAR;

CREATE INDEX ix_users_disabled_until ON users (disabled_until) WHERE disabled_until IS NOT NULL;

-- Administrators list users from the newest on, all or of one kind. The id separates users of one moment.
CREATE INDEX ix_users_created_at ON users (created_at, id);

CREATE INDEX ix_users_role ON users (account_role, created_at, id) WHERE account_role <> 'REGULAR';

CREATE INDEX ix_users_disabled_created_at ON users (created_at, id) WHERE disabled_at IS NOT NULL;

CREATE INDEX ix_users_deleting_created_at ON users (created_at, id) WHERE deletes_at IS NOT NULL;

CREATE INDEX ix_users_unverified_created_at ON users (created_at, id) WHERE email_verified_at IS NULL;

-- Administrators search for actions. Logins are most of the events, and found without an index.
CREATE INDEX ix_events_action ON events (action) WHERE action <> 'session.created';

-- A login or the work between requests enables a user when the end has come.
CREATE TRIGGER record_end_of_disabling AFTER UPDATE OF disabled_at ON users
WHEN new.disabled_at IS NULL AND old.disabled_until <= unixepoch() BEGIN
    INSERT INTO events (at, actor, action, user_id)
    VALUES (unixepoch(), 'system', 'user.enabled', new.id); END;
