//! Usernames: rules, and suggestions for a taken one.

use sha2::{Digest, Sha256};

use validator::ValidateLength;

/// Minimum length, in characters.
const MIN_LENGTH: u64 = 3;
/// Maximum length, in characters.
const MAX_LENGTH: u64 = 30;
/// Names that could be mistaken for the service itself.
#[rustfmt::skip]
const RESERVED: [&str; 17] = [
    "admin", "administrator", "root", "system", "support", "help", "moderator", "superuser",
    "guest", "api", "auth", "login", "logout", "register", "dashboard", "settings", "profile",
];

/// A username: kept as entered, unique ignoring case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username(String);

impl Username {
    /// Validates a username.
    ///
    /// # Errors
    /// The message of the first violated rule.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if !text.validate_length(Some(MIN_LENGTH), None, None) {
            Err("Username must be at least 3 characters long.")
        } else if !text.validate_length(None, Some(MAX_LENGTH), None) {
            Err("Username cannot be longer than 30 characters.")
        } else if !text.bytes().all(is_allowed) {
            Err("Username can only contain letters, numbers, underscores (_), and hyphens (-).")
        } else if RESERVED.iter().any(|name| name.eq_ignore_ascii_case(text)) {
            Err("This username is reserved and cannot be used.")
        } else if text.contains("__") || text.contains("--") {
            Err("Username cannot contain consecutive underscores or hyphens.")
        } else {
            Ok(Self(text.to_owned()))
        }
    }

    /// A valid name with the letters and digits of a text, or another if it has too few.
    pub fn like(text: &str) -> Self {
        let allowed = text.chars().filter(char::is_ascii_alphanumeric);
        let name: String = allowed.take(MAX_LENGTH as usize).collect();
        Self::parse(&name).unwrap_or_else(|_| Self("user1".to_owned()))
    }

    /// The name, as entered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A ten-digit number derived from the name, beyond the range that suggestions count through.
    pub fn far_number(&self) -> u64 {
        let hash = Sha256::digest(self.0.to_ascii_lowercase());
        let number = hash
            .iter()
            .take(8)
            .fold(0, |number, byte| number << 8 | u64::from(*byte));
        1_000_000_000 + number % 9_000_000_000
    }

    /// The name followed by `number`, shortened in front of the number if the result would be too
    /// long. No reserved name ends in a digit, so the result is never reserved.
    pub fn numbered(&self, number: u64) -> String {
        let number = number.to_string();
        let stem = self.0.len().min(MAX_LENGTH as usize - number.len());
        format!("{}{number}", &self.0[..stem])
    }
}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_as_entered() {
        let longest = "a".repeat(30);
        for name in ["Tom", "tom_s-on3", "_-_", "123", "Administrators", &longest] {
            assert_eq!(Username::parse(name).map(|n| n.0), Ok(name.to_owned()));
        }
    }

    #[test]
    fn the_first_violated_rule_is_named() {
        let too_long = "a".repeat(31);
        let long_and_wrong = "ż".repeat(31);
        for (name, message) in [
            ("", "Username must be at least 3 characters long."),
            ("a", "Username must be at least 3 characters long."),
            ("!!", "Username must be at least 3 characters long."),
            (&too_long, "Username cannot be longer than 30 characters."),
            (
                &long_and_wrong,
                "Username cannot be longer than 30 characters.",
            ),
            (
                "żółw",
                "Username can only contain letters, numbers, underscores (_), and hyphens (-).",
            ),
            (
                "tom sawyer",
                "Username can only contain letters, numbers, underscores (_), and hyphens (-).",
            ),
            (
                "tom\n",
                "Username can only contain letters, numbers, underscores (_), and hyphens (-).",
            ),
            (
                "tom\0",
                "Username can only contain letters, numbers, underscores (_), and hyphens (-).",
            ),
            (
                "to\u{200B}m",
                "Username can only contain letters, numbers, underscores (_), and hyphens (-).",
            ),
            (
                "t\u{043E}m",
                "Username can only contain letters, numbers, underscores (_), and hyphens (-).",
            ),
            (
                "a%__",
                "Username can only contain letters, numbers, underscores (_), and hyphens (-).",
            ),
            ("root", "This username is reserved and cannot be used."),
            ("AdMiN", "This username is reserved and cannot be used."),
            ("profile", "This username is reserved and cannot be used."),
            (
                "tom__s",
                "Username cannot contain consecutive underscores or hyphens.",
            ),
            (
                "tom--s",
                "Username cannot contain consecutive underscores or hyphens.",
            ),
        ] {
            assert_eq!(Username::parse(name), Err(message), "{name:?}");
        }
    }

    #[test]
    fn a_far_number_has_ten_digits_and_is_the_same_for_every_spelling() {
        let far = |name: &str| Username::parse(name).expect(name).far_number();
        assert_eq!(far("Tom"), far("tom"));
        assert_ne!(far("tom"), far("ann"));
        for name in ["tom", "ann", "eve", "bob"] {
            assert_eq!(far(name).to_string().len(), 10, "{name}");
        }
    }

    #[test]
    fn a_numbered_name_is_never_too_long() {
        let parse = |name: &str| Username::parse(name).expect(name);
        assert_eq!(parse("Tom").numbered(1), "Tom1");
        assert_eq!(
            parse(&"a".repeat(30)).numbered(7),
            format!("{}7", "a".repeat(29))
        );
        let longest = parse(&"a".repeat(30)).numbered(u64::MAX);
        assert_eq!(longest.len(), 30);
        assert!(Username::parse(&longest).is_ok());
    }
}
