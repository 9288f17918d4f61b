-- What happened, counted for Prometheus (src/metrics/counters.rs). A count only grows.
CREATE TABLE counters (
    name VARCHAR NOT NULL,
    label VARCHAR NOT NULL, -- the value of the counter's label; empty if it has none
    value INTEGER NOT NULL,
    PRIMARY KEY (name, label)
) WITHOUT ROWID;

-- When the mail was queued, in seconds since 1970 in UTC.
ALTER TABLE outbox ADD COLUMN queued_at INTEGER;

UPDATE outbox SET queued_at = unixepoch();
