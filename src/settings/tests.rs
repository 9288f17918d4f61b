//! Valid and invalid settings, and the reported problems.

use std::collections::{BTreeSet, HashMap};

use axum::http::HeaderValue;
use futures_util::FutureExt;
use time::Duration;

use super::*;
use crate::crypto::keys::Algorithm;
use crate::http::settings::CorsOrigins;
use crate::mail::settings::MailProvider;
use crate::passwords::breaches::BreachCheck;
use crate::passwords::policy::{PasswordPolicy, PasswordRules};
use crate::passwords::settings::Argon2Cost;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Values in place of Spin's variables. Remembers which of them were read.
#[derive(Default)]
pub struct Variables {
    changes: HashMap<&'static str, String>,
    read: Vec<&'static str>,
}

impl Variables {
    pub fn get(&mut self, variable: &'static str) -> Result<String, &'static str> {
        assert!(!self.read.contains(&variable), "{variable} is read twice");
        self.read.push(variable);
        match self.changes.get(variable) {
            Some(value) => Ok(value.clone()),
            None if variable == "secret_key" => Ok(SECRET.to_owned()),
            None => {
                let default = &manifest()["variables"][variable]["default"];
                default.as_str().map(str::to_owned).ok_or("has no value")
            }
        }
    }
}

fn manifest() -> toml::Table {
    include_str!("../../spin.toml").parse().expect("TOML")
}

/// A reader of the defaults in spin.toml, with `changes`.
fn reader(changes: &[(&'static str, &str)]) -> Reader {
    let changes = changes
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()));
    let mut reader = Reader::default();
    reader.values.changes = changes.collect();
    reader
}

/// The settings of spin.toml, with `changes`.
fn with(changes: &[(&'static str, &str)]) -> Result<Settings, Vec<Problem>> {
    let mut reader = reader(changes);
    let settings = Settings::load(&mut reader).now_or_never();
    settings.expect("nothing waits")
}

#[test]
fn the_defaults_of_the_manifest_and_a_secret_key_are_enough() {
    let settings = with(&[]).expect("usable defaults");
    assert_eq!(settings.crypto.algorithm, Algorithm::Hs256);
    assert_eq!(
        settings.sessions.access_token_lifetime,
        Duration::minutes(30)
    );
    assert_eq!(settings.sessions.lifetime.idle, Duration::days(7));
    assert_eq!(settings.sessions.lifetime.absolute, Duration::days(90));
    assert_eq!(
        settings.passwords.reset_token_lifetime,
        Duration::minutes(15)
    );
    assert_eq!(
        settings.passwords.policy,
        PasswordPolicy::new(PasswordRules::Legacy, 6)
    );
    assert_eq!(settings.passwords.breach_check, BreachCheck::Off);
    assert_eq!(
        settings.passwords.argon2,
        Argon2Cost {
            memory_kib: 7168,
            passes: 5
        }
    );
    assert_eq!(settings.http.frontend_url, "http://localhost:3000");
    assert!(matches!(
        settings.captcha,
        CaptchaSettings::Builtin { cost: 5000 }
    ));
    assert!(matches!(settings.mail.provider, MailProvider::Log));
    assert!(settings.pages);
    assert!(settings.crypto.keys.previous.is_none());
}

#[test]
fn a_key_is_as_long_as_its_algorithms_hash() {
    for (algorithm, least) in [("HS256", 32), ("HS384", 48), ("HS512", 64)] {
        let [enough, too_short] = [least, least - 1].map(|bytes| "k".repeat(bytes));
        let read = |current: &str, previous: &str| {
            with(&[
                ("algorithm", algorithm),
                ("secret_key", current),
                ("secret_key_previous", previous),
            ])
        };
        assert!(read(&enough, "").is_ok(), "{algorithm}");
        assert!(read(&enough, &enough).is_ok(), "{algorithm}");
        let problems = read(&too_short, &too_short).expect_err(algorithm);
        let variables: Vec<_> = problems.iter().map(|problem| problem.variable).collect();
        assert_eq!(variables, ["secret_key", "secret_key_previous"]);
        let message = problems[0].to_string();
        assert!(
            message.contains(&format!("at least {least} bytes")),
            "{message}"
        );
    }
}

#[test]
fn the_manifest_declares_and_forwards_exactly_the_variables_that_are_read() {
    let manifest = manifest();
    let names = |table: &toml::Value| -> BTreeSet<String> {
        table.as_table().expect("a table").keys().cloned().collect()
    };
    let providers: [&[_]; 5] = [
        &[],
        &[("captcha_provider", "service")],
        &[("captcha_provider", "turnstile")],
        &[("email_provider", "resend")],
        &[("password_breach_check", "hibp")],
    ];
    let read = providers.into_iter().flat_map(|changes| {
        let mut reader = reader(changes);
        let _ = Settings::load(&mut reader).now_or_never();
        reader.values.read
    });
    let read: BTreeSet<_> = read.map(str::to_owned).collect();
    assert_eq!(names(&manifest["variables"]), read);
    assert_eq!(
        names(&manifest["component"]["gatehouse"]["variables"]),
        read
    );
}

#[test]
fn a_trailing_slash_is_removed() {
    let settings = with(&[("frontend_url", "https://app.example.com/")]).expect("usable");
    assert_eq!(settings.http.frontend_url, "https://app.example.com");
}

#[test]
fn a_mail_provider_uses_the_default_host_unless_configured() {
    for (configured, expected) in [
        ("", "https://api.resend.com"),
        ("https://unset.invalid", "https://api.resend.com"),
        ("http://127.0.0.1:9999/", "http://127.0.0.1:9999"),
    ] {
        let settings = with(&[
            ("email_provider", "resend"),
            ("email_api_host", configured),
            ("email_api_key", "re_123"),
        ]);
        match settings.expect("usable").mail.provider {
            MailProvider::Api { host, .. } => assert_eq!(host, expected),
            MailProvider::Log => panic!("resend was chosen"),
        }
    }
}

#[test]
fn an_invalid_variable_is_named_without_its_value() {
    for (variable, value) in [
        ("secret_key", "only-thirty-one-bytes-123456789"),
        ("secret_key_previous", "only-thirty-one-bytes-123456789"),
        ("algorithm", "RS256"),
        ("access_token_expire_minutes", "thirty"),
        ("access_token_expire_minutes", "0"),
        ("refresh_token_expire_days", "-7"),
        ("session_max_days", "3651"),
        ("reset_token_expire_minutes", "15.5"),
        ("password_rules", "strict"),
        ("password_min_length", "65"),
        ("password_breach_check", "always"),
        ("argon2_memory_kib", "7167"),
        ("argon2_passes", "nil"),
        ("frontend_url", "localhost:3000"),
        ("frontend_url", "ftp://files.example.com"),
        ("frontend_url", "https://example.com/?next=1"),
        ("captcha_provider", "recaptchas"),
        ("captcha_cost", "999"),
        ("captcha_cost", "100001"),
        ("email_provider", "carrier-pigeon"),
        ("emails_from_email", "nobody.example.com"),
        ("emails_from_name", "Eve\r\nBcc: tom"),
        ("pages", "yes"),
        ("brand_color", "blue"),
        ("brand_color", "#0066cc;}"),
        ("brand_logo", "logo.png"),
        ("brand_logo", "//evil.example/logo.png"),
        ("brand_logo", "http://example.com/logo.png"),
        ("terms_url", "javascript:alert(1)"),
        ("privacy_url", "privacy policy"),
        ("cors_allow_origins", "app.example.com"),
        ("cors_allow_origins", "https://app.example.com/"),
        ("cors_allow_origins", "https://a.example.com, *"),
        ("trusted_proxy_hops", "-1"),
        ("throttle", "maybe"),
    ] {
        let problems = with(&[(variable, value)]).expect_err(value);
        assert_eq!(problems.len(), 1, "{variable} = {value}");
        assert_eq!(problems[0].variable, variable);
        let message = problems[0].to_string();
        assert!(!message.contains(&format!(" {value}")), "{message}");
    }
}

#[test]
fn origins_are_accepted_as_browsers_write_them() {
    let cors = |value| {
        with(&[("cors_allow_origins", value)])
            .expect(value)
            .http
            .cors
    };
    assert_eq!(cors(""), CorsOrigins::None);
    assert_eq!(cors("*"), CorsOrigins::All);
    let list = ["https://a.example.com", "http://localhost:8080"].map(HeaderValue::from_static);
    assert_eq!(
        cors("https://a.example.com, http://localhost:8080"),
        CorsOrigins::List(list.into())
    );
}

#[test]
fn a_provider_without_a_key_is_refused() {
    for (provider, name, key) in [
        ("email_provider", "resend", "email_api_key"),
        ("captcha_provider", "turnstile", "captcha_api_key"),
        ("captcha_provider", "hcaptcha", "captcha_api_key"),
        ("captcha_provider", "recaptcha", "captcha_api_key"),
    ] {
        let problems = with(&[(provider, name)]).expect_err("no key");
        assert_eq!(problems.len(), 1, "{name}");
        assert_eq!(problems[0].variable, key);
    }
}

#[test]
fn a_captcha_service_must_have_a_usable_address() {
    for (variable, value) in [
        ("captcha_service_host", "captcha.internal"),
        ("captcha_service_path", "api-v1"),
    ] {
        let changes = [("captcha_provider", "service"), (variable, value)];
        let problems = with(&changes).expect_err(value);
        assert_eq!(problems.len(), 1, "{variable}");
        assert_eq!(problems[0].variable, variable);
    }
}

#[test]
fn siteverify_uses_the_default_host_unless_configured() {
    for (provider, host, url) in [
        (
            "turnstile",
            "",
            "https://challenges.cloudflare.com/turnstile/v0/siteverify",
        ),
        ("hcaptcha", "", "https://api.hcaptcha.com/siteverify"),
        (
            "recaptcha",
            "",
            "https://www.google.com/recaptcha/api/siteverify",
        ),
        (
            "recaptcha",
            "https://www.recaptcha.net/",
            "https://www.recaptcha.net/recaptcha/api/siteverify",
        ),
    ] {
        let settings = with(&[
            ("captcha_provider", provider),
            ("captcha_api_host", host),
            ("captcha_api_key", "0x123"),
        ]);
        match settings.expect("usable").captcha {
            CaptchaSettings::Siteverify { url: asked, .. } => assert_eq!(asked, url),
            other => panic!("{provider} is {other:?}"),
        }
    }
}

#[test]
fn breaches_are_looked_up_at_the_configured_host() {
    for (host, expected) in [
        (
            "https://api.pwnedpasswords.com",
            "https://api.pwnedpasswords.com",
        ),
        ("http://127.0.0.1:9999/", "http://127.0.0.1:9999"),
    ] {
        let settings = with(&[
            ("password_breach_check", "hibp"),
            ("password_breach_host", host),
        ]);
        let check = settings.expect("usable").passwords.breach_check;
        let host = expected.to_owned();
        assert_eq!(check, BreachCheck::Hibp { host });
    }
    for host in ["", "pwned.internal"] {
        let problems = with(&[
            ("password_breach_check", "hibp"),
            ("password_breach_host", host),
        ]);
        let problems = problems.expect_err(host);
        assert_eq!(problems.len(), 1, "{host}");
        assert_eq!(problems[0].variable, "password_breach_host");
    }
}

#[test]
fn all_problems_are_reported_at_once() {
    let problems = with(&[("algorithm", "none"), ("argon2_passes", "0")]).expect_err("two");
    let variables: Vec<_> = problems.iter().map(|problem| problem.variable).collect();
    assert_eq!(variables, ["algorithm", "argon2_passes"]);
}

#[test]
fn settings_that_need_attention_are_named() {
    let warnings = |changes: &[(&'static str, &str)]| -> Vec<_> {
        let settings = with(changes).expect("usable settings");
        let warnings = settings.warnings().into_iter();
        warnings.map(|warning| warning.variable).collect()
    };
    assert_eq!(warnings(&[]), ["email_provider", "frontend_url"]);
    let careless = [
        ("captcha_provider", "off"),
        ("throttle", "off"),
        ("cors_allow_origins", "https://a.example, http://b.example"),
        ("brand_color", "#ff0"),
    ];
    assert_eq!(
        warnings(&careless),
        [
            "email_provider",
            "captcha_provider",
            "throttle",
            "frontend_url",
            "cors_allow_origins",
            "brand_color"
        ]
    );
    let careful = [
        ("brand_color", "#0b6170"),
        ("email_provider", "resend"),
        ("email_api_key", "re_1"),
        ("frontend_url", "https://a.example"),
        ("cors_allow_origins", "https://a.example"),
    ];
    assert_eq!(warnings(&careful), [""; 0]);
}
