//! Rules for new passwords. A stored password goes on to work when they change.

use secrecy::{ExposeSecret, SecretString};
use validator::ValidateLength;

use super::blocklist;
use super::folding::fold;

/// Maximum length of a password, in bytes: enough for any passphrase (NIST SP 800-63B-4 asks for 64
/// characters), and a bound on the input of the hash.
pub const MAX_PASSWORD_BYTES: usize = 256;
/// Minimum length with `password_rules=nist`, in characters: NIST SP 800-63B-4, 3.1.1.2, for a password
/// beside a second factor. For a password alone it asks for 15, which `password_min_length` can demand.
const NIST_MIN_LENGTH: usize = 8;
/// Minimum length of a name, in letters and digits, that no password may contain. Shorter ones are
/// in many good passwords by chance, as `tom` is in `bottom`.
const MIN_CONTAINED_NAME: usize = 4;

const TOO_COMMON: &str = "This password is too common.";
const CONTAINS_NAME: &str = "This password contains your name or email.";

/// A value of `password_rules`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordRules {
    /// The rules of the legacy service: a letter and a digit.
    Legacy,
    /// NIST SP 800-63B-4: any characters.
    Nist,
}

impl PasswordRules {
    pub const ALL: [Self; 2] = [Self::Legacy, Self::Nist];

    /// The name, as in the setting and as the key of the texts for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Nist => "nist",
        }
    }
}

/// Rules for new passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordPolicy {
    pub rules: PasswordRules,
    /// Minimum length in characters.
    pub min_length: usize,
}

/// What is known of the user who chooses a password.
#[derive(Debug, Clone, Copy, Default)]
pub struct Names<'a> {
    pub username: Option<&'a str>,
    pub email: Option<&'a str>,
}

/// A new password that satisfies the policy.
#[derive(Debug, Clone)]
pub struct NewPassword(SecretString);

impl PasswordPolicy {
    /// `min_length` is in characters. The rules may demand more.
    pub fn new(rules: PasswordRules, min_length: usize) -> Self {
        let min_length = match rules {
            PasswordRules::Legacy => min_length,
            PasswordRules::Nist => min_length.max(NIST_MIN_LENGTH),
        };
        Self { rules, min_length }
    }

    /// Validates a new password of the user with these names. Where they become known only later,
    /// [`NewPassword::check_names`] follows.
    ///
    /// # Errors
    /// The message of the first violated rule.
    pub fn parse(
        self,
        text: &str,
        app_name: &str,
        names: Names<'_>,
    ) -> Result<NewPassword, String> {
        self.check_characters(text)?;
        if blocklist::contains(&fold(text)) || contains_name(text, app_name) {
            return Err(TOO_COMMON.into());
        }
        let password = NewPassword(SecretString::from(text));
        password.check_names(names)?;
        Ok(password)
    }

    fn check_characters(self, text: &str) -> Result<(), String> {
        let Self { rules, min_length } = self;
        if !text.validate_length(Some(min_length as u64), None, None) {
            return Err(format!(
                "Password must be at least {min_length} characters long"
            ));
        }
        if text.len() > MAX_PASSWORD_BYTES {
            return Err(format!(
                "Password cannot be longer than {MAX_PASSWORD_BYTES} bytes"
            ));
        }
        if rules == PasswordRules::Nist {
            return Ok(());
        }
        if !text.bytes().any(|b| b.is_ascii_digit()) {
            return Err("Password must contain at least one digit".into());
        }
        if !text.bytes().any(|b| b.is_ascii_alphabetic()) {
            return Err("Password must contain at least one letter".into());
        }
        Ok(())
    }
}

impl NewPassword {
    /// Refuses a password that contains one of its user's names.
    ///
    /// # Errors
    /// The message of the violated rule.
    pub fn check_names(&self, names: Names<'_>) -> Result<(), &'static str> {
        let mut words = names.username.into_iter().chain(names.mailbox());
        if words.any(|name| contains_name(self.0.expose_secret(), name)) {
            return Err(CONTAINS_NAME);
        }
        Ok(())
    }

    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl<'a> Names<'a> {
    /// The part of the address in front of the @-sign, without the `+shop` of `tom+shop@example.com`.
    fn mailbox(self) -> Option<&'a str> {
        let (local_part, _) = self.email?.rsplit_once('@')?;
        local_part.split('+').next()
    }
}

/// Whether a password contains a name, regardless of case and punctuation. Of a short name, which a
/// password may contain by chance, it must be more than part: the name is all its letters.
fn contains_name(password: &str, name: &str) -> bool {
    let [password, name] = [password, name].map(letters_and_digits);
    if name.chars().count() >= MIN_CONTAINED_NAME {
        return password.contains(&name);
    }
    let letters = password.chars().filter(|c| c.is_alphabetic());
    !name.is_empty() && letters.eq(name.chars())
}

fn letters_and_digits(text: &str) -> String {
    let mut text = fold(text);
    text.retain(char::is_alphanumeric);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP_NAME: &str = "My Users Service";
    const TOM: Names<'_> = Names {
        username: Some("Tom_Sawyer"),
        email: Some("t.sawyer+shop@example.com"),
    };

    fn parse(rules: PasswordRules, min_length: usize, text: &str) -> Result<(), String> {
        let policy = PasswordPolicy::new(rules, min_length);
        policy.parse(text, APP_NAME, TOM).map(drop)
    }

    fn legacy(text: &str) -> Result<(), String> {
        parse(PasswordRules::Legacy, 6, text)
    }

    fn nist(text: &str) -> Result<(), String> {
        parse(PasswordRules::Nist, 6, text)
    }

    #[test]
    fn any_characters_are_allowed_together_with_a_letter_and_a_digit() {
        let longest = format!("a1{}", "ż".repeat(127));
        for password in [
            "abcde7",
            "1 2 3 a",
            "p4ss🙈word",
            "correct horse 1",
            &longest,
        ] {
            assert_eq!(legacy(password), Ok(()), "{password}");
        }
    }

    #[test]
    fn the_first_violated_rule_is_named() {
        let too_long = format!("a1{}", "x".repeat(255));
        for (password, message) in [
            ("", "Password must be at least 6 characters long"),
            ("a1b2c", "Password must be at least 6 characters long"),
            ("🙈🙈a1", "Password must be at least 6 characters long"),
            ("abcdef", "Password must contain at least one digit"),
            ("password", "Password must contain at least one digit"),
            ("tom-sawyer", "Password must contain at least one digit"),
            ("abcde\u{664}", "Password must contain at least one digit"),
            ("123456", "Password must contain at least one letter"),
            ("12345ż", "Password must contain at least one letter"),
            (&too_long, "Password cannot be longer than 256 bytes"),
            ("Password1", TOO_COMMON),
            ("tomsawyer1", CONTAINS_NAME),
        ] {
            assert_eq!(legacy(password), Err(message.into()), "{password}");
        }
    }

    #[test]
    fn the_minimum_is_the_policys() {
        let refused = parse(PasswordRules::Legacy, 12, "abcdef12345");
        let message = "Password must be at least 12 characters long";
        assert_eq!(refused, Err(message.into()));
    }

    #[test]
    fn nist_asks_for_eight_characters_and_no_composition() {
        let long = "a".repeat(257);
        for (password, result) in [
            ("sleepy owl", Ok(())),
            ("7 3 5 0 1 9", Ok(())),
            ("żółwżółw", Ok(())),
            (
                "owlowl1",
                Err("Password must be at least 8 characters long"),
            ),
            (&long, Err("Password cannot be longer than 256 bytes")),
            ("password", Err(TOO_COMMON)),
            ("1234567890", Err(TOO_COMMON)),
        ] {
            assert_eq!(nist(password), result.map_err(String::from), "{password}");
        }
        let refused = parse(PasswordRules::Nist, 15, "sleepy owl");
        let message = "Password must be at least 15 characters long";
        assert_eq!(refused, Err(message.into()));
    }

    #[test]
    fn a_common_password_is_refused_in_any_spelling() {
        for password in [
            "password1",
            "PaSSw0rd",
            "1q2w3e4r",
            "ｐａｓｓword1",
            "pass\u{200B}word1",
        ] {
            assert_eq!(legacy(password), Err(TOO_COMMON.into()), "{password}");
        }
        for password in ["password1 and more", "xpassword1", "p assword 1"] {
            assert_eq!(legacy(password), Ok(()), "{password}");
        }
    }

    #[test]
    fn the_name_of_the_application_is_too_common() {
        for password in [
            "MyUsersService1",
            "my users service 24!",
            "x1my-users-servicex",
        ] {
            assert_eq!(legacy(password), Err(TOO_COMMON.into()), "{password}");
        }
        assert_eq!(legacy("my service for users 1"), Ok(()));
    }

    #[test]
    fn the_users_names_are_refused_in_any_spelling() {
        for password in [
            "Tom_Sawyer1",
            "tomsawyer 1876",
            "9-T.O.M.S.A.W.Y.E.R",
            "mr. tsawyer 1",
            "xxTSAWYERxx7",
            "ｔｏｍsawyer1",
        ] {
            assert_eq!(legacy(password), Err(CONTAINS_NAME.into()), "{password}");
        }
        for password in ["sawyer tom 1", "shop shop 1", "example.com 1", "tomsawye 1"] {
            assert_eq!(legacy(password), Ok(()), "{password}");
        }
    }

    #[test]
    fn a_short_name_is_refused_only_as_all_letters_of_the_password() {
        let check = |username, email, password| {
            let names = Names { username, email };
            let policy = PasswordPolicy::new(PasswordRules::Legacy, 6);
            policy.parse(password, "Go", names).map(drop)
        };
        let tom = |password| check(Some("Tom"), Some("a@example.com"), password);
        for password in ["tom 1876", "1!TOM!1", "7654321 a"] {
            assert_eq!(tom(password), Err(CONTAINS_NAME.into()), "{password}");
        }
        for password in ["bottom 1", "a tom 1876", "tomtom 1876", "a-a-1-2"] {
            assert_eq!(tom(password), Ok(()), "{password}");
        }
        assert_eq!(tom("go 1876"), Err(TOO_COMMON.into()));
        assert_eq!(tom("gopher 1876"), Ok(()));
        for odd in [None, Some(""), Some("@"), Some("+x@x"), Some("-_-")] {
            assert_eq!(check(odd, odd, "1-2-3-a"), Ok(()), "{odd:?}");
        }
    }
}
