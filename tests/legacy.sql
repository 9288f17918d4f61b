-- The schema of the legacy service, as it created it.

CREATE TABLE users (
    id VARCHAR NOT NULL, username VARCHAR NOT NULL, email VARCHAR NOT NULL,
    hashed_password VARCHAR NOT NULL, account_role VARCHAR(9) NOT NULL,
    account_subscription VARCHAR(4) NOT NULL, subscription_expires_at DATETIME,
    created_at DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL, PRIMARY KEY (id));
CREATE UNIQUE INDEX ix_users_username_lower ON users (lower(username));
CREATE UNIQUE INDEX ix_users_email ON users (email);
CREATE TABLE refresh_tokens (
    id VARCHAR NOT NULL, user_id VARCHAR NOT NULL, refresh_token VARCHAR NOT NULL,
    expires_at DATETIME NOT NULL, created_at DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL,
    PRIMARY KEY (id), FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
    UNIQUE (refresh_token));
CREATE TABLE password_reset_tokens (
    id VARCHAR NOT NULL, user_id VARCHAR NOT NULL, token VARCHAR NOT NULL,
    expires_at DATETIME NOT NULL, is_used BOOLEAN NOT NULL,
    created_at DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL,
    PRIMARY KEY (id), FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
    UNIQUE (token));
