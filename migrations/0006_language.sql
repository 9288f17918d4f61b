-- The language of the request that caused the mail (RFC 5646).
ALTER TABLE outbox ADD COLUMN language VARCHAR NOT NULL DEFAULT 'en';
