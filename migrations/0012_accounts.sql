-- Set at a registration that has to be verified before the first login, and cleared by the verification.
ALTER TABLE users ADD COLUMN must_verify BOOLEAN NOT NULL DEFAULT 0;

-- Users who never verified are deleted some days after they registered.
CREATE INDEX ix_users_must_verify ON users (created_at) WHERE must_verify = 1;

-- When a user who asked for it is deleted, in seconds since 1970 in UTC; NULL if the user did not ask.
ALTER TABLE users ADD COLUMN deletes_at INTEGER;

CREATE INDEX ix_users_deletes_at ON users (deletes_at) WHERE deletes_at IS NOT NULL;

-- How the session began: password, legacy.
ALTER TABLE sessions ADD COLUMN method VARCHAR NOT NULL DEFAULT 'password';

-- When the user last proved who they are, in seconds since 1970 in UTC; NULL in sessions from before.
ALTER TABLE sessions ADD COLUMN authenticated_at INTEGER;

-- The start of the browser's `User-Agent`.
ALTER TABLE sessions ADD COLUMN user_agent VARCHAR;

-- The network that the session began on, as a keyed hash.
ALTER TABLE sessions ADD COLUMN network VARCHAR;

-- Its first part, as 192.0.2.0/24 or 2001:db8:1::/48, if the settings keep it.
ALTER TABLE sessions ADD COLUMN ip_prefix VARCHAR;

-- The request that began the session.
ALTER TABLE sessions ADD COLUMN request_id VARCHAR;

-- What happened to accounts: the audit log. A row is written in the transaction of what it tells of.
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,       -- in seconds since 1970 in UTC
    actor VARCHAR NOT NULL,    -- who did it: the id of a user, or `system`
    action VARCHAR NOT NULL,   -- such as password.changed
    -- Whom it happened to. No foreign key: the events of a deleted user stay, under another id.
    user_id VARCHAR NOT NULL,
    network VARCHAR,           -- a keyed hash
    request_id VARCHAR,
    detail VARCHAR             -- a JSON object
);

CREATE INDEX ix_events_user ON events (user_id, id);

CREATE INDEX ix_events_at ON events (at);

-- A session begins with one statement, which is its own transaction. A trigger adds the event to it.
CREATE TRIGGER record_session AFTER INSERT ON sessions BEGIN
    INSERT INTO events (at, actor, action, user_id, network, request_id, detail)
    VALUES (new.created_at, new.user_id, 'session.created', new.user_id, new.network, new.request_id,
        json_object('session_id', new.id, 'method', new.method, 'user_agent', new.user_agent,
            'ip_prefix', new.ip_prefix)); END;

-- Pending verifications of email addresses. Links and codes are not stored, but computed from the id.
CREATE TABLE email_verifications (
    id VARCHAR NOT NULL PRIMARY KEY, -- UUID
    user_id VARCHAR NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    email VARCHAR NOT NULL,          -- the user's address, or the one that is to replace it
    is_change BOOLEAN NOT NULL,      -- whether it is to replace it
    created_at INTEGER NOT NULL,     -- in seconds since 1970 in UTC
    tries INTEGER NOT NULL DEFAULT 0 -- codes entered so far
) WITHOUT ROWID;

CREATE INDEX ix_email_verifications_user ON email_verifications (user_id);

CREATE INDEX ix_email_verifications_created_at ON email_verifications (created_at);

-- The outbox again, with mail to other addresses than the user's own, and to users who no longer exist.
CREATE TABLE new_outbox (
    id VARCHAR NOT NULL PRIMARY KEY, -- UUID, the provider's idempotency key
    kind VARCHAR NOT NULL,           -- see src/mail/kinds.rs
    user_id VARCHAR REFERENCES users (id) ON DELETE CASCADE,
    recipient VARCHAR,               -- if it is not the user's current address
    -- What the mail's link is for. A mail is deleted with its token.
    reset_token_id VARCHAR REFERENCES password_reset_tokens (id) ON DELETE CASCADE,
    verification_id VARCHAR REFERENCES email_verifications (id) ON DELETE CASCADE,
    event_id INTEGER,                -- what the mail tells of
    detail VARCHAR,                  -- more values for the template, as a JSON object
    language VARCHAR NOT NULL DEFAULT 'en',
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL
);

INSERT INTO new_outbox (id, kind, user_id, reset_token_id, language, attempts, due_at)
SELECT id, kind, user_id, reset_token_id, language, attempts, due_at FROM outbox;

DROP TABLE outbox;

ALTER TABLE new_outbox RENAME TO outbox;

CREATE INDEX ix_outbox_due ON outbox (due_at);

CREATE INDEX ix_outbox_user ON outbox (user_id);

CREATE INDEX ix_outbox_reset_token ON outbox (reset_token_id);

CREATE INDEX ix_outbox_verification ON outbox (verification_id);
