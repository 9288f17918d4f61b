-- Pending mail: inserted in the transaction that causes it, and deleted once the provider has accepted it.
-- Addresses and tokens are not stored, but looked up or computed when the mail is sent. Times are seconds
-- since 1970 in UTC.
CREATE TABLE outbox (
    id VARCHAR NOT NULL PRIMARY KEY, -- UUID, the provider's idempotency key
    kind VARCHAR NOT NULL,           -- password_reset, password_changed
    user_id VARCHAR NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- The token in the link; a mail is deleted with its token when a newer link supersedes it.
    reset_token_id VARCHAR REFERENCES password_reset_tokens (id) ON DELETE CASCADE,
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL          -- the next attempt
);

CREATE INDEX ix_outbox_due ON outbox (due_at);

CREATE INDEX ix_outbox_user ON outbox (user_id);

CREATE INDEX ix_outbox_reset_token ON outbox (reset_token_id);
