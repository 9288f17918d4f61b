//! Properties of what strangers send as bodies: nothing panics, and errors stay short.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::body::json_fields;
use super::error::validation::FieldError;
use super::fields::Fields;

/// The fields of the largest body of ours.
const REGISTRATION: [&str; 5] = [
    "email",
    "username",
    "password",
    "captcha_id",
    "captcha_answer",
];
/// What an answer may take at most, in bytes.
const MAX_ANSWER: usize = 16 * 1024;

/// What is wrong with the fields if no value is good enough, as it is sent.
fn refuse_all(mut fields: Fields) -> String {
    for name in REGISTRATION {
        let taken = fields.required(name, |_| Err::<(), _>("is refused"));
        assert!(taken.is_none());
    }
    sent(&fields.into_errors())
}

fn sent(errors: &[FieldError]) -> String {
    serde_json::to_string(errors).expect("JSON")
}

/// What is sent about a body of which no value is good enough.
fn answer(body: &[u8]) -> String {
    match json_fields(body, Some(&mime::APPLICATION_JSON)) {
        Ok(fields) => refuse_all(fields),
        Err(error) => sent(error.fields()),
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
    fn bytes_of_any_kind_get_a_short_answer(body in prop::collection::vec(any::<u8>(), 0..4096)) {
        prop_assert!(answer(&body).len() <= MAX_ANSWER);
    }

    #[test]
    fn an_object_of_any_kind_gets_a_short_answer(object in object()) {
        let body = Value::Object(object).to_string();
        let answer = answer(body.as_bytes());
        prop_assert!(answer.len() <= MAX_ANSWER, "{} bytes", answer.len());
    }

    #[test]
    fn a_text_reaches_its_rule_as_it_was_sent(text in any::<String>(), other in any::<String>()) {
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
        let answer = answer(body.to_string().as_bytes());
        prop_assert!(!answer.contains(&secret), "{}", answer);
    }

    #[test]
    fn a_form_of_any_kind_gets_a_short_answer(form in prop::collection::vec(any::<u8>(), 0..4096)) {
        prop_assert!(refuse_all(Fields::from_form(&form)).len() <= MAX_ANSWER);
    }

    #[test]
    fn a_form_field_reaches_its_rule_as_it_was_sent(text in "\\PC{1,40}") {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("username", &text)
            .finish();
        let mut fields = Fields::from_form(form.as_bytes());
        prop_assert_eq!(fields.required_text("username"), Some(text));
    }
}
