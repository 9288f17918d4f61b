//! Property tests of request bodies: nothing panics, and errors stay short.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::body::json_fields;
use super::error::validation::FieldError;
use super::fields::Fields;

/// The fields of the largest body type.
const REGISTRATION: [&str; 5] = [
    "email",
    "username",
    "password",
    "captcha_id",
    "captcha_answer",
];
/// Maximum size of a response, in bytes.
const MAX_RESPONSE: usize = 16 * 1024;

/// The response body if every field is refused.
fn refuse_all(mut fields: Fields) -> String {
    for name in REGISTRATION {
        let taken = fields.required(name, |_| Err::<(), _>("is refused"));
        assert!(taken.is_none());
    }
    serialized(&fields.into_errors())
}

fn serialized(errors: &[FieldError]) -> String {
    serde_json::to_string(errors).expect("JSON")
}

/// The response body if every field of `body` is refused.
fn response(body: &[u8]) -> String {
    match json_fields(body, Some(&mime::APPLICATION_JSON)) {
        Ok(Some(fields)) => refuse_all(fields),
        Ok(None) => serialized(&[FieldError::no_body()]),
        Err(error) => serialized(error.fields()),
    }
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(&REGISTRATION[..]).prop_map(str::to_owned),
        any::<String>(),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        (any::<char>(), 0..20_000_usize).prop_map(|(c, n)| Value::from(c.to_string().repeat(n))),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn object() -> impl Strategy<Value = Map<String, Value>> {
    let members = prop::collection::vec((name(), value()), 0..10);
    members.prop_map(|members| members.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn bytes_of_any_kind_get_a_short_response(body in prop::collection::vec(any::<u8>(), 0..4096)) {
        prop_assert!(response(&body).len() <= MAX_RESPONSE);
    }

    #[test]
    fn an_object_of_any_kind_gets_a_short_response(object in object()) {
        let body = Value::Object(object).to_string();
        let response = response(body.as_bytes());
        prop_assert!(response.len() <= MAX_RESPONSE, "{} bytes", response.len());
    }

    #[test]
    fn a_text_reaches_its_rule_unchanged(text in any::<String>(), other in any::<String>()) {
        let body = serde_json::json!({"email": text, "username": other}).to_string();
        let mut fields = Fields::from_json(body.as_bytes()).expect("an object");
        prop_assert_eq!(fields.required_text("email"), Some(text));
        prop_assert_eq!(fields.required_text("username"), Some(other));
    }

    #[test]
    fn a_secret_is_never_repeated(secret in "[a-z]{40,60}", whole in any::<bool>()) {
        let mut body = serde_json::json!({"password": secret, "captcha_answer": [secret]});
        if whole {
            body["email"] = "tom".into();
        }
        let response = response(body.to_string().as_bytes());
        prop_assert!(!response.contains(&secret), "{}", response);
    }

    #[test]
    fn a_form_of_any_kind_gets_a_short_response(form in prop::collection::vec(any::<u8>(), 0..4096)) {
        prop_assert!(refuse_all(Fields::from_form(&form)).len() <= MAX_RESPONSE);
    }

    #[test]
    fn a_form_field_reaches_its_rule_unchanged(text in "\\PC{1,40}") {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("username", &text)
            .finish();
        let mut fields = Fields::from_form(form.as_bytes());
        prop_assert_eq!(fields.required_text("username"), Some(text));
    }
}
