-- When the user proved that the email address is theirs, as YYYY-MM-DD HH:MM:SS in UTC; NULL if never.
ALTER TABLE users ADD COLUMN email_verified_at DATETIME;
