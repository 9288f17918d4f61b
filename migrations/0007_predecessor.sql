-- Indexes of the legacy refresh tokens to void: those of a user at a password reset, and those that have
-- expired. Legacy tokens are JSON Web Tokens, which start with `ey`; the second index skips void ones.
CREATE INDEX ix_refresh_tokens_user ON refresh_tokens (user_id);

CREATE INDEX ix_refresh_tokens_expires_at ON refresh_tokens (expires_at)
    WHERE refresh_token >= 'ey' AND refresh_token < 'ez';
