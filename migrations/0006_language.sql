-- A mail is written in the language of the request that asked for it (RFC 5646).
ALTER TABLE outbox ADD COLUMN language VARCHAR NOT NULL DEFAULT 'en';
