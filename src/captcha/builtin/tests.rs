//! Valid and invalid answers.

use secrecy::SecretString;
use serde_json::{Value, json};

use super::*;

const NOW: i64 = 1_795_347_987;
/// The minimum, for fast tests.
const COST: u32 = 1;

fn challenges() -> Challenges {
    Challenges::new(&Keys::only("0123456789abcdef0123456789abcdef"))
}

fn at(unix: i64) -> Timestamp {
    Timestamp::from_unix(unix).expect("a moment")
}

fn issued() -> Challenge {
    challenges().issue(COST, [7; 32], at(NOW))
}

/// A counter, with its key, whose key has the required prefix or not, as `matches` says.
fn search(challenge: &Challenge, matches: bool) -> (u32, String) {
    let keys = (0..).map(|counter| {
        let key = challenge.parameters.derive_key(counter).expect("a key");
        (counter, base16ct::lower::encode_string(&key))
    });
    let mut fitting = keys.filter(|(_, key)| key.starts_with("00") == matches);
    fitting.next().expect("a counter")
}

fn payload(challenge: &Challenge, (counter, derived_key): (u32, String)) -> Value {
    json!({
        "challenge": challenge,
        "solution": {"counter": counter, "derivedKey": derived_key, "time": 12.3},
    })
}

fn solved() -> Value {
    payload(&issued(), search(&issued(), true))
}

fn verify(payload: &Value, now: i64) -> Option<SolvedChallenge> {
    let answer = BASE64_STANDARD.encode(payload.to_string());
    challenges().verify(&SecretString::from(answer), at(now))
}

#[test]
fn a_solution_passes_and_identifies_its_challenge() {
    let expected = SolvedChallenge {
        nonce: "07".repeat(16),
        expires_at: at(NOW + 600),
    };
    assert_eq!(verify(&solved(), NOW), Some(expected));
}

#[test]
fn a_key_is_derived_as_the_reference_implementation_does() {
    // PyPI altcha 2.3.0: derive_key_pbkdf2 with 1,000 iterations.
    let parameters = ChallengeParameters {
        cost: 1000,
        nonce: "000102030405060708090a0b0c0d0e0f".into(),
        salt: "101112131415161718191a1b1c1d1e1f".into(),
        ..issued().parameters
    };
    let key = parameters.derive_key(258).expect("a key");
    assert_eq!(
        base16ct::lower::encode_string(&key),
        "28ef2e5609433b754379b8751abeab66453cc9a1d7f4b39c07b55e4047733f2f"
    );
}

#[test]
fn the_signature_covers_the_canonical_json() {
    let expected = format!(
        "{{\"algorithm\":\"PBKDF2/SHA-256\",\"cost\":1,\"expiresAt\":{},\"keyLength\":32,\
         \"keyPrefix\":\"00\",\"nonce\":\"{}\",\"salt\":\"{}\"}}",
        NOW + 600,
        "07".repeat(16),
        "07".repeat(16),
    );
    assert_eq!(issued().parameters.to_json(), expected.into_bytes());
}

#[test]
fn a_solution_is_accepted_for_ten_minutes() {
    for (seconds, is_accepted) in [(0, true), (599, true), (600, false), (86_400, false)] {
        let solved = verify(&solved(), NOW + seconds);
        assert_eq!(solved.is_some(), is_accepted, "after {seconds} s");
    }
}

#[test]
fn a_modified_challenge_is_refused() {
    let signature = issued().signature;
    for (pointer, value) in [
        ("/challenge/parameters/algorithm", json!("SHA-256")),
        ("/challenge/parameters/cost", json!(2)),
        ("/challenge/parameters/expiresAt", json!(NOW + 6000)),
        ("/challenge/parameters/keyLength", json!(1)),
        ("/challenge/parameters/keyPrefix", json!("0")),
        ("/challenge/parameters/keyPrefix", json!("")),
        ("/challenge/parameters/nonce", json!("08".repeat(16))),
        ("/challenge/parameters/salt", json!("")),
        ("/challenge/parameters/cost", json!(4_000_000_000_u32)),
        ("/challenge/signature", json!("")),
        ("/challenge/signature", json!(signature[..62])),
        ("/challenge/signature", json!(signature.to_uppercase())),
        ("/challenge/signature", json!("00".repeat(32))),
        ("/challenge/signature", Value::Null),
    ] {
        let mut payload = solved();
        *payload.pointer_mut(pointer).expect("a value") = value.clone();
        assert_eq!(verify(&payload, NOW), None, "{pointer}: {value}");
    }
    let mut more = solved();
    more["challenge"]["parameters"]["keySignature"] = json!("00".repeat(32));
    assert_eq!(verify(&more, NOW), None);
}

#[test]
fn a_challenge_of_another_service_is_refused() {
    let foreign = Challenges::new(&Keys::only("another key")).issue(COST, [7; 32], at(NOW));
    let payload = payload(&foreign, search(&foreign, true));
    assert_eq!(verify(&payload, NOW), None);
}

#[test]
fn a_wrong_solution_is_refused() {
    let challenge = issued();
    let (counter, key) = search(&challenge, true);
    let (other, other_key) = search(&challenge, false);
    for solution in [
        (other, other_key),
        (other, key.clone()),
        (counter + 1, key.clone()),
        (counter, key[..62].to_owned()),
        (counter, key.to_uppercase()),
        (counter, "00".into()),
        (counter, "00".repeat(32)),
        (counter, String::new()),
    ] {
        let payload = payload(&challenge, solution);
        assert_eq!(verify(&payload, NOW), None, "{payload}");
    }
}

#[test]
fn a_malformed_counter_is_refused() {
    for counter in [
        json!(-1),
        json!(4_294_967_296_u64),
        json!(0.5),
        json!("7"),
        Value::Null,
    ] {
        let mut payload = solved();
        payload["solution"]["counter"] = counter.clone();
        assert_eq!(verify(&payload, NOW), None, "{counter}");
    }
}

#[test]
fn a_malformed_answer_is_refused() {
    let good = BASE64_STANDARD.encode(solved().to_string());
    let too_long = BASE64_STANDARD.encode(format!("{:1600}", solved().to_string()));
    assert!(too_long.len() > MAX_ANSWER_BYTES);
    for answer in [
        "",
        " ",
        "7XK2P",
        "żółw",
        "e30=",
        "bnVsbA==",
        "W10=",
        &solved().to_string(),
        &good[..good.len() - 4],
        &format!("{good}\n"),
        &format!("={good}"),
        &too_long,
        &BASE64_STANDARD.encode("[".repeat(1500)),
    ] {
        let solved = challenges().verify(&SecretString::from(answer), at(NOW));
        assert_eq!(solved, None, "{answer}");
    }
}
