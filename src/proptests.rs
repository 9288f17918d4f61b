//! Property tests of everything that parses external text: nothing panics, results are bounded, and
//! issued values round-trip.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::crypto::keys::{Algorithm, Keys};
use crate::languages::{LANGUAGES, Language};
use crate::platform::timestamp::Timestamp;
use crate::sessions::access_token::AccessTokens;
use crate::sessions::refresh_token::{RefreshToken, RefreshTokens};
use crate::users::email::Email;
use crate::users::user::Role;
use crate::users::username::Username;

const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn refresh_tokens() -> RefreshTokens {
    RefreshTokens::new(&Keys::only(SECRET))
}

fn access_tokens(algorithm: Algorithm) -> AccessTokens {
    AccessTokens::new(&Keys::only(SECRET), algorithm, time::Duration::minutes(30))
}

fn algorithm() -> impl Strategy<Value = Algorithm> {
    select(vec![Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512])
}

fn id() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

/// A timestamp from 1970 to 2090. Ten years more, the maximum lifetime, stay below 2106, where JWT
/// timestamps overflow.
fn moment() -> impl Strategy<Value = Timestamp> {
    (0..3_786_912_000i64).prop_filter_map("in the calendar", Timestamp::from_unix)
}

/// Texts that often are, or almost are, email addresses.
fn address() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "\\PC{0,80}@\\PC{0,300}",
        "[!-~]{1,66}@([a-zA-Z0-9żółwßİ.。-]{1,66}\\.){0,5}[a-zA-Z0-9]{1,10}",
        "[a-zA-Z0-9._+-]{1,20}@([a-zA-Z0-9żółwß]{1,20}\\.){1,3}[a-zA-Z]{2,6}",
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[A-Za-z0-9_-]{0,40}"]
}

fn accept_language() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "((en|pl|PL|de|\\*)(-[A-Z]{2})?( ?; ?[qQ]=[0-9.+-eNa]{0,6})?[,;]{1,2} ?){0,20}",
    ]
}

/// Texts that often look like JSON Web Tokens.
fn token() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[A-Za-z0-9_=-]{0,200}(\\.[A-Za-z0-9_=-]{0,200}){0,4}"
    ]
}

/// The token with one character replaced by `by`. `None` if that changes nothing.
fn with_one_replaced(token: &SecretString, place: Index, by: char) -> Option<SecretString> {
    let mut characters: Vec<_> = token.expose_secret().chars().collect();
    let place = place.index(characters.len());
    (characters[place] != by).then(|| {
        characters[place] = by;
        SecretString::from(characters.into_iter().collect::<String>())
    })
}

proptest! {
    #[test]
    fn a_parsed_address_is_short_and_lowercase_and_parses_to_itself(text in address()) {
        match Email::parse(&text) {
            Ok(email) => {
                let stored = email.as_str();
                prop_assert!(stored.len() <= 254 && stored.is_ascii(), "{stored}");
                prop_assert_eq!(stored, stored.to_ascii_lowercase());
                prop_assert!(!stored.contains(|c: char| c.is_whitespace() || c.is_control()));
                prop_assert_eq!(Email::parse(stored), Ok(email.clone()));
            }
            Err(reason) => prop_assert!(reason.0.len() < 100, "{reason}"),
        }
    }

    #[test]
    fn a_plain_address_is_accepted_in_any_case(text in "[a-z0-9]{1,60}@[a-z]{1,60}\\.[a-z]{2,6}") {
        let email = Email::parse(&text);
        prop_assert_eq!(email.as_ref().map(Email::as_str), Ok(text.as_str()));
        prop_assert_eq!(Email::parse(&text.to_uppercase()), email);
    }

    #[test]
    fn a_valid_username_is_bounded_and_stays_valid_with_a_number(
        text in name(),
        number: u64,
    ) {
        if let Ok(name) = Username::parse(&text) {
            prop_assert_eq!(name.as_str(), &text);
            prop_assert!((3..=30).contains(&text.len()) && text.is_ascii());
            let numbered = name.numbered(number);
            prop_assert!(Username::parse(&numbered).is_ok(), "{numbered}");
        }
    }

    #[test]
    fn an_issued_refresh_token_reads_as_itself(session in id(), counter: u64) {
        let token = RefreshToken { session, counter };
        let issued = refresh_tokens().issue(token);
        prop_assert_eq!(issued.expose_secret().len(), 75);
        prop_assert_eq!(refresh_tokens().read(&issued), Some(token));
    }

    #[test]
    fn a_refresh_token_with_another_character_is_not_read(
        session in id(),
        counter: u64,
        place: Index,
        by in "[A-Za-z0-9_=.-]",
    ) {
        let issued = refresh_tokens().issue(RefreshToken { session, counter });
        let by = by.chars().next().unwrap_or_default();
        if let Some(forged) = with_one_replaced(&issued, place, by) {
            prop_assert_eq!(refresh_tokens().read(&forged), None);
        }
    }

    #[test]
    fn a_text_that_was_not_issued_is_no_refresh_token(text in token()) {
        prop_assert_eq!(refresh_tokens().read(&SecretString::from(text)), None);
    }

    #[test]
    fn an_issued_access_token_names_its_bearer(
        user in id(),
        session in id(),
        now in moment(),
        algorithm in algorithm(),
    ) {
        let tokens = access_tokens(algorithm);
        let issued = tokens.issue(user, session, Role::Regular, Uuid::nil(), now);
        let issued = issued.expect("a token");
        prop_assert!(issued.expose_secret().len() < 500);
        let bearer = tokens.check(&issued, now);
        let named = bearer.map(|bearer| (bearer.user, bearer.session));
        prop_assert_eq!(named, Some((user, Some(session))));
    }

    #[test]
    fn an_access_token_with_another_character_is_refused(
        user in id(),
        now in moment(),
        algorithm in algorithm(),
        place: Index,
        by in "[A-Za-z0-9_=.-]",
    ) {
        let tokens = access_tokens(algorithm);
        let issued = tokens.issue(user, user, Role::Regular, Uuid::nil(), now);
        let by = by.chars().next().unwrap_or_default();
        if let Some(forged) = with_one_replaced(&issued.expect("a token"), place, by) {
            prop_assert_eq!(tokens.check(&forged, now), None);
        }
    }

    #[test]
    fn a_text_that_was_not_issued_is_no_access_token(
        text in token(),
        now in moment(),
        algorithm in algorithm(),
    ) {
        prop_assert_eq!(access_tokens(algorithm).check(&SecretString::from(text), now), None);
    }

    #[test]
    fn negotiation_always_returns_a_supported_language(text in accept_language()) {
        let language = Language::negotiate(&text);
        prop_assert!(language.index() < LANGUAGES.len());
        prop_assert_eq!(Language::negotiate(language.code()), language);
    }
}
