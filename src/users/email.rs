//! Email addresses, in the normalized form in which they are stored and compared.

use std::fmt;

use crate::crypto::digest::digest;
use crate::http::error::validation::Refusal;

/// Maximum length of an address in SMTP (RFC 5321, 4.5.3.1.3, without the angle brackets).
const MAX_LENGTH: usize = 254;
/// Maximum length of an input, in bytes: `MAX_LENGTH` characters of up to four bytes.
pub const MAX_INPUT_BYTES: usize = 4 * MAX_LENGTH;
/// Maximum length of the local part (RFC 5321, 4.5.3.1.1).
const MAX_LOCAL_LENGTH: usize = 64;

/// A normalized email address: lowercase, ASCII, with an international domain in its IDNA form.
///
/// Two spellings of one address are equal, because only parsing creates a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);

/// The reason why a text is not an email address, for the person who entered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidEmail(pub String);

impl fmt::Display for InvalidEmail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<InvalidEmail> for Refusal {
    fn from(invalid: InvalidEmail) -> Self {
        Self::Email(invalid.0)
    }
}

impl Email {
    /// Parses and normalizes an address without a display name.
    ///
    /// # Errors
    /// The first problem found: surrounding space, a display name, a non-ASCII local part, a
    /// domain that is invalid in IDNA, or a length beyond RFC 5321.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let refuse = |reason: &str| Err(InvalidEmail(reason.to_owned()));
        let Some((local, domain)) = text.rsplit_once('@') else {
            return refuse("An email address must have an @-sign.");
        };
        check_local_part(local)?;
        // Checked before the domain is converted, whose cost grows with its length.
        if text.len() > MAX_INPUT_BYTES {
            return refuse("The email address is too long (254 characters at most).");
        }
        let domain = to_ascii_domain(domain)?;
        let address = format!("{}@{domain}", local.to_ascii_lowercase());
        if address.len() > MAX_LENGTH {
            return refuse("The email address is too long (254 characters at most).");
        }
        if !local.bytes().all(needs_no_quotes) {
            return refuse("The email address contains invalid characters.");
        }
        Ok(Self(address))
    }

    /// The address, as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part in front of the @.
    pub fn local_part(&self) -> &str {
        self.0.split('@').next().unwrap_or_default()
    }

    /// A digest, for places that must not contain the address.
    pub fn digest(&self) -> String {
        digest(&self.0)
    }
}

fn check_local_part(local: &str) -> Result<(), InvalidEmail> {
    let reason = if local.is_empty() {
        "There must be something before the @-sign."
    } else if local.contains('@') {
        "The email address must have only one @-sign."
    } else if !local.is_ascii() {
        "The part before the @-sign can only contain ASCII characters."
    } else if local.contains(|c: char| c.is_ascii_whitespace() || c.is_ascii_control()) {
        "The email address contains invalid characters before the @-sign."
    } else if local.len() > MAX_LOCAL_LENGTH {
        "The email address is too long before the @-sign (64 characters at most)."
    } else if local.starts_with('.') || local.ends_with('.') {
        "The part before the @-sign cannot start or end with a period."
    } else if local.contains("..") {
        "The part before the @-sign cannot have two periods in a row."
    } else {
        return Ok(());
    };
    Err(InvalidEmail(reason.to_owned()))
}

/// Whether a byte is allowed in an unquoted local part (RFC 5322, 3.2.3). Quoted local parts are
/// refused, as in HTML's `<input type="email">`.
fn needs_no_quotes(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte)
}

fn to_ascii_domain(domain: &str) -> Result<String, InvalidEmail> {
    let invalid = || InvalidEmail("The part after the @-sign contains invalid characters.".into());
    if domain.is_empty() {
        return Err(InvalidEmail(
            "There must be something after the @-sign.".into(),
        ));
    }
    if domain.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(invalid());
    }
    let ascii = idna::domain_to_ascii_strict(domain).map_err(|_| invalid())?;
    let last_label = ascii.rsplit('.').next().unwrap_or_default();
    if !ascii.contains('.') || last_label.is_empty() {
        return Err(InvalidEmail(
            "The part after the @-sign is not valid. It should have a period.".into(),
        ));
    }
    // A name with a numeric last label is an IPv4 address (RFC 3696, 2), not a domain.
    if last_label.bytes().all(|b| b.is_ascii_digit()) {
        return Err(invalid());
    }
    Ok(ascii)
}

#[cfg(test)]
mod tests {
    use validator::ValidateEmail;

    use super::*;

    #[test]
    fn every_spelling_of_an_address_is_normalized() {
        for (typed, stored) in [
            ("tom@example.com", "tom@example.com"),
            ("Tom@EXAMPLE.com", "tom@example.com"),
            ("t.o_m+tag@sub.example.co.uk", "t.o_m+tag@sub.example.co.uk"),
            ("tom@żółw.pl", "tom@xn--w-uga1v8h.pl"),
            ("tom@ŻÓŁW.PL", "tom@xn--w-uga1v8h.pl"),
            ("tom@\u{212A}elvin.com", "tom@kelvin.com"),
            ("tom@ex\u{FF41}mple.com", "tom@example.com"),
        ] {
            let email = Email::parse(typed).unwrap_or_else(|e| panic!("{typed}: {e}"));
            assert_eq!(email.as_str(), stored);
        }
    }

    #[test]
    fn an_invalid_address_is_refused_with_a_reason() {
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long_domain = format!("tom@{}.com", vec!["a".repeat(60); 5].join("."));
        let long_label = format!("tom@{}.com", "a".repeat(64));
        for text in [
            "",
            "nope",
            "@example.com",
            "tom@",
            "tom@localhost",
            "tom@example.com.",
            "tom@.com",
            "tom@a..com",
            "tom@-a.com",
            "tom@127.0.0.1",
            "tom@[127.0.0.1]",
            " tom@example.com",
            "tom@example.com ",
            "tom@example.com\n",
            "tom\r\nBcc: eve@example.com@example.com",
            "tom\0@example.com",
            "Tom <tom@example.com>",
            "tom@example.com,eve@example.com",
            "tom@eve@example.com",
            "tom\u{FF20}example.com",
            "t\u{131}m@example.com",
            "tom\u{17F}@example.com",
            ".tom@example.com",
            "tom.@example.com",
            "t..m@example.com",
            "\"tom\"@example.com",
            "tom@exa mple.com",
            "tom@exa_mple.com",
            &long_local,
            &long_domain,
            &long_label,
        ] {
            let refused = Email::parse(text).expect_err(text);
            assert!(refused.0.ends_with('.'), "{text}: {refused}");
        }
    }

    #[test]
    fn the_same_ascii_characters_are_accepted_as_by_the_validator_crate() {
        for character in (0..128).map(char::from) {
            for text in [
                format!("t{character}m@example.com"),
                format!("tom@ex{character}mple.com"),
                format!("tom@{character}example.com"),
                format!("tom@example{character}.com"),
                format!("tom@example.com{character}"),
            ] {
                let is_accepted = Email::parse(&text).is_ok();
                assert_eq!(is_accepted, text.validate_email(), "{text:?}");
            }
        }
    }

    #[test]
    fn a_text_without_an_at_sign_says_so() {
        let refused = Email::parse("nope").expect_err("no address");
        assert_eq!(refused.0, "An email address must have an @-sign.");
    }
}
