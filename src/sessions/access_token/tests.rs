//! Valid and invalid access tokens.

use secrecy::SecretString;

use super::*;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const USER: Uuid = Uuid::from_u128(1);
const SESSION: Uuid = Uuid::from_u128(2);

fn tokens(secret: &str, algorithm: Algorithm) -> AccessTokens {
    AccessTokens::new(&Keys::only(secret), algorithm, time::Duration::minutes(30))
}

fn at(unix: i64) -> Timestamp {
    Timestamp::from_unix(unix).expect("a moment")
}

fn issue(algorithm: Algorithm) -> SecretString {
    tokens(SECRET, algorithm)
        .issue(USER, SESSION, Role::Regular, Uuid::from_u128(3), at(1000))
        .expect("a token")
}

/// A token with arbitrary claims, signed with our key.
fn sign(claims: &str) -> SecretString {
    use hmac::{Hmac, KeyInit, Mac};
    let encode =
        |bytes: &[u8]| base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, bytes);
    let signed = format!(
        "{}.{}",
        encode(br#"{"alg":"HS256","typ":"JWT"}"#),
        encode(claims.as_bytes())
    );
    let code = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes())
        .expect("any key")
        .chain_update(signed.as_bytes())
        .finalize()
        .into_bytes();
    SecretString::from(format!("{signed}.{}", encode(&code)))
}

fn check(token: &SecretString, now: i64) -> Option<Bearer> {
    tokens(SECRET, Algorithm::Hs256).check(token, at(now))
}

#[test]
fn a_token_names_its_user_and_session_under_every_algorithm() {
    for algorithm in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
        let bearer = tokens(SECRET, algorithm).check(&issue(algorithm), at(1000));
        let expected = Bearer {
            user: USER,
            session: Some(SESSION),
            expires_at: at(1000 + 1800),
        };
        assert_eq!(bearer, Some(expected), "{algorithm:?}");
    }
}

#[test]
fn a_token_of_another_key_or_algorithm_is_refused() {
    let token = issue(Algorithm::Hs256);
    assert_eq!(
        tokens("another key", Algorithm::Hs256).check(&token, at(1000)),
        None
    );
    assert_eq!(
        tokens(SECRET, Algorithm::Hs512).check(&token, at(1000)),
        None
    );
}

#[test]
fn a_token_of_the_previous_key_is_valid_and_new_tokens_use_the_current_key() {
    for algorithm in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
        let old = issue(algorithm);
        let keys = Keys::rotated("the current key", SECRET);
        let rotated = AccessTokens::new(&keys, algorithm, time::Duration::minutes(30));
        assert!(rotated.check(&old, at(1000)).is_some());
        let new = rotated.issue(USER, SESSION, Role::Regular, Uuid::from_u128(3), at(1000));
        let new = new.expect("a token");
        assert!(rotated.check(&new, at(1000)).is_some());
        assert_eq!(tokens(SECRET, algorithm).check(&new, at(1000)), None);
    }
}

#[test]
fn a_token_ends_with_its_lifetime_and_the_clocks_tolerance() {
    let token = issue(Algorithm::Hs256);
    assert!(check(&token, 1000 - 30).is_some());
    assert!(check(&token, 1000 + 1800 + 29).is_some());
    assert!(check(&token, 1000 + 1800 + 31).is_none());
}

#[test]
fn a_legacy_token_is_valid_without_the_newer_claims() {
    let token = sign(&format!(r#"{{"sub":"{USER}","exp":2000,"type":"access"}}"#));
    let expected = Bearer {
        user: USER,
        session: None,
        expires_at: at(2000),
    };
    assert_eq!(check(&token, 1000), Some(expected));
}

#[test]
fn claims_that_are_missing_or_wrong_are_refused() {
    for claims in [
        r#"{"exp":2000,"type":"access"}"#.to_owned(),
        format!(r#"{{"sub":"{USER}","type":"access"}}"#),
        format!(r#"{{"sub":"{USER}","exp":2000}}"#),
        format!(r#"{{"sub":"{USER}","exp":2000,"type":"refresh"}}"#),
        format!(r#"{{"sub":"{USER}","exp":2000,"type":"access","iss":"someone"}}"#),
        format!(r#"{{"sub":"{USER}","exp":2000,"type":"access","iat":5000}}"#),
        format!(r#"{{"sub":"{USER}","exp":2000,"type":"access","sid":"nope"}}"#),
        format!(r#"{{"sub":"{USER}","exp":"2000","type":"access"}}"#),
        format!(r#"{{"sub":"{USER}","exp":-1,"type":"access"}}"#),
        format!(r#"{{"sub":"{USER}","exp":900,"type":"access"}}"#),
        r#"{"sub":"tom","exp":2000,"type":"access"}"#.to_owned(),
        r#"{"sub":1,"exp":2000,"type":"access"}"#.to_owned(),
        "[]".to_owned(),
    ] {
        assert_eq!(check(&sign(&claims), 1000), None, "{claims}");
    }
}

#[test]
fn an_expiry_out_of_range_is_refused() {
    for expiry in ["1e300", "18446744073709551615", "99999999999999999999999"] {
        let claims = format!(r#"{{"sub":"{USER}","exp":{expiry},"type":"access"}}"#);
        assert_eq!(check(&sign(&claims), 1000), None, "{claims}");
    }
}

#[test]
fn a_malformed_token_is_refused() {
    let unsigned = format!(
        "{}.e30.",
        base64::Engine::encode(
            &base64::prelude::BASE64_URL_SAFE_NO_PAD,
            br#"{"alg":"none"}"#
        )
    );
    for token in ["", ".", "..", "a.b.c", "żółw", &unsigned, &"x".repeat(5000)] {
        assert_eq!(check(&SecretString::from(token), 1000), None, "{token}");
    }
}
