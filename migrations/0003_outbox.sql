-- Mail that is to be sent: written together with what it tells of, deleted when the provider has
-- taken it. No address and no token waits here, both are looked up or computed when it is sent.
-- Times are seconds since 1970 in UTC.
CREATE TABLE outbox (
    id VARCHAR NOT NULL PRIMARY KEY, -- UUID, the provider's idempotency key
    kind VARCHAR NOT NULL,           -- password_reset, password_changed
    user_id VARCHAR NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- The link's token; a mail whose link has been superseded goes with its token.
    reset_token_id VARCHAR REFERENCES password_reset_tokens (id) ON DELETE CASCADE,
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL          -- when it is to be tried next
);

CREATE INDEX ix_outbox_due ON outbox (due_at);

CREATE INDEX ix_outbox_user ON outbox (user_id);

CREATE INDEX ix_outbox_reset_token ON outbox (reset_token_id);
