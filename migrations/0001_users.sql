-- The tables of the legacy FastAPI service. They are created in an empty database, and kept as they are
-- in the legacy service's `users.db`.

-- Times are 'YYYY-MM-DD HH:MM:SS[.ffffff]' in UTC.
CREATE TABLE IF NOT EXISTS users (
    id VARCHAR NOT NULL PRIMARY KEY,          -- UUID
    username VARCHAR NOT NULL,                -- as typed
    email VARCHAR NOT NULL,                   -- in lower case
    hashed_password VARCHAR NOT NULL,         -- argon2id as a PHC string; legacy: bcrypt
    account_role VARCHAR(9) NOT NULL,         -- ADMIN, MODERATOR, REGULAR
    account_subscription VARCHAR(4) NOT NULL, -- FREE, PRO
    subscription_expires_at DATETIME,
    created_at DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL
);

CREATE UNIQUE INDEX IF NOT EXISTS ix_users_username_lower ON users (lower(username));

CREATE UNIQUE INDEX IF NOT EXISTS ix_users_email ON users (email);

-- Legacy refresh tokens, in plain text. No new ones are written, and each is voided when it is used or
-- expires.
CREATE TABLE IF NOT EXISTS refresh_tokens (
    id VARCHAR NOT NULL PRIMARY KEY,
    user_id VARCHAR NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    refresh_token VARCHAR NOT NULL UNIQUE,
    expires_at DATETIME NOT NULL,
    created_at DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL
);

-- Password reset tokens, stored as their SHA-256 in hexadecimal.
CREATE TABLE IF NOT EXISTS password_reset_tokens (
    id VARCHAR NOT NULL PRIMARY KEY,
    user_id VARCHAR NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token VARCHAR NOT NULL UNIQUE,
    expires_at DATETIME NOT NULL,
    is_used BOOLEAN NOT NULL DEFAULT 0,
    created_at DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL
);

-- The legacy service stored its reset tokens in plain text: void them all.
UPDATE password_reset_tokens SET token = 'void:' || id, is_used = 1;

-- A new token replaces the older ones of its user.
CREATE INDEX IF NOT EXISTS ix_password_reset_tokens_user ON password_reset_tokens (user_id);
