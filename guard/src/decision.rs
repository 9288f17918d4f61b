//! The decision about a request: one pure function of the request, the settings and Gatehouse's answer.

use crate::facts::{Credential, Facts};
use crate::gatehouse::{Answer, Identity};
use crate::refusal::Refusal;
use crate::settings::Settings;

/// What to do with a request.
#[derive(Debug, PartialEq)]
pub enum Decision<'a> {
    /// Ask Gatehouse who sent this credential, and decide again with its answer.
    Ask(&'a Credential),
    /// Hand the request on, with the identity of its sender. Public paths have none.
    HandOn(Option<Identity>),
    /// Redirect a person to Gatehouse's pages, which lead back after the login.
    LogIn,
    Refuse(Refusal),
}

/// Decides about a request. `answer` is `None` before Gatehouse has been asked.
///
/// Everything that needs no answer comes first, so that it costs no call.
pub fn decide<'a>(facts: &'a Facts, settings: &Settings, answer: Option<Answer>) -> Decision<'a> {
    if facts.is_tunnel {
        return Decision::Refuse(Refusal::Tunnel);
    }
    if settings.public_paths.contain(&facts.path) {
        return Decision::HandOn(None);
    }
    let Some(credential) = &facts.credential else {
        return without_session(facts, Refusal::NotAuthenticated);
    };
    if is_forgeable(facts, credential) {
        return Decision::Refuse(Refusal::CrossSite);
    }
    match answer {
        None => Decision::Ask(credential),
        Some(Answer::Session(identity)) => match missing_permission(&identity, settings) {
            Some(refusal) => Decision::Refuse(refusal),
            None => Decision::HandOn(Some(identity)),
        },
        Some(Answer::NoSession) => without_session(facts, Refusal::InvalidCredentials),
        Some(Answer::Busy(retry_after)) => Decision::Refuse(Refusal::Busy(retry_after)),
        Some(Answer::Unusable(reason)) => Decision::Refuse(Refusal::Unavailable(reason)),
    }
}

/// People can log in, programs need an error.
fn without_session(facts: &Facts, refusal: Refusal) -> Decision<'_> {
    if facts.is_navigation {
        Decision::LogIn
    } else {
        Decision::Refuse(refusal)
    }
}

/// Whether a page of another site could have sent the request. Browsers attach the cookie by
/// themselves, but never a bearer token.
fn is_forgeable(facts: &Facts, credential: &Credential) -> bool {
    matches!(credential, Credential::Cookie(_)) && !facts.is_safe && !facts.is_same_origin
}

fn missing_permission(identity: &Identity, settings: &Settings) -> Option<Refusal> {
    if settings.requires_verified && !identity.is_email_verified {
        return Some(Refusal::EmailNotVerified);
    }
    let has_role = settings.roles.allow(&identity.role);
    let has_subscription = settings.subscriptions.allow(&identity.subscription);
    (!has_role || !has_subscription).then_some(Refusal::Forbidden)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const EVERYONE: &[(&str, &str)] = &[];

    fn settings(values: &[(&str, &str)]) -> Settings {
        let find = |name: &str| {
            let value = values.iter().find(|(variable, _)| *variable == name);
            value.map(|(_, value)| (*value).to_owned())
        };
        Settings::parse(find).expect("valid settings")
    }

    fn bearer() -> Facts {
        Facts {
            is_safe: false,
            is_tunnel: false,
            is_navigation: false,
            is_same_origin: false,
            path: "/app".into(),
            credential: Some(Credential::Bearer(HeaderValue::from_static("Bearer x"))),
        }
    }

    fn cookie() -> Facts {
        let cookie = HeaderValue::from_static("__Host-gatehouse=x");
        Facts {
            is_same_origin: true,
            credential: Some(Credential::Cookie(cookie)),
            ..bearer()
        }
    }

    fn nobody() -> Facts {
        Facts {
            credential: None,
            ..bearer()
        }
    }

    fn navigation(facts: Facts) -> Facts {
        Facts {
            is_safe: true,
            is_navigation: true,
            ..facts
        }
    }

    fn tom(role: &str, subscription: &str, is_email_verified: bool) -> Identity {
        Identity {
            headers: Vec::new(),
            role: role.into(),
            subscription: subscription.into(),
            is_email_verified,
        }
    }

    fn regular() -> Identity {
        tom("REGULAR", "FREE", false)
    }

    /// The decision about a sender with a session.
    fn decision_about(identity: Identity, values: &[(&str, &str)]) -> Decision<'static> {
        let facts = Box::leak(Box::new(bearer()));
        decide(facts, &settings(values), Some(Answer::Session(identity)))
    }

    #[test]
    fn without_an_answer_only_a_credential_leads_to_gatehouse() {
        for facts in [bearer(), cookie(), navigation(cookie())] {
            let decision = decide(&facts, &settings(EVERYONE), None);
            assert!(matches!(decision, Decision::Ask(_)), "{facts:?}");
        }
        for (facts, expected) in [
            (nobody(), Decision::Refuse(Refusal::NotAuthenticated)),
            (navigation(nobody()), Decision::LogIn),
        ] {
            assert_eq!(decide(&facts, &settings(EVERYONE), None), expected);
        }
    }

    #[test]
    fn each_answer_of_gatehouse_has_one_consequence() {
        for (answer, expected) in [
            (
                Answer::Session(regular()),
                Decision::HandOn(Some(regular())),
            ),
            (
                Answer::NoSession,
                Decision::Refuse(Refusal::InvalidCredentials),
            ),
            (
                Answer::Busy(Some(7)),
                Decision::Refuse(Refusal::Busy(Some(7))),
            ),
            (
                Answer::Unusable("timeout".into()),
                Decision::Refuse(Refusal::Unavailable("timeout".into())),
            ),
        ] {
            for facts in [bearer(), cookie()] {
                let decision = decide(&facts, &settings(EVERYONE), Some(answer.clone()));
                assert_eq!(decision, expected, "{facts:?}");
            }
        }
    }

    #[test]
    fn a_person_is_led_to_the_login_only_if_that_can_help() {
        let facts = navigation(cookie());
        let decide = |answer| decide(&facts, &settings(EVERYONE), Some(answer));
        assert_eq!(decide(Answer::NoSession), Decision::LogIn);
        let busy = Decision::Refuse(Refusal::Busy(None));
        assert_eq!(decide(Answer::Busy(None)), busy);
        let down = Decision::Refuse(Refusal::Unavailable("down".into()));
        assert_eq!(decide(Answer::Unusable("down".into())), down);
    }

    #[test]
    fn a_cookie_does_not_count_for_a_change_from_another_site() {
        let cases = [
            // (safe, same origin, refused)
            (false, false, true),
            (false, true, false),
            (true, false, false),
            (true, true, false),
        ];
        for (is_safe, is_same_origin, is_refused) in cases {
            for answer in [None, Some(Answer::Session(regular()))] {
                let facts = Facts {
                    is_safe,
                    is_same_origin,
                    ..cookie()
                };
                let decision = decide(&facts, &settings(EVERYONE), answer);
                let refused = Decision::Refuse(Refusal::CrossSite);
                assert_eq!(decision == refused, is_refused, "{facts:?}");
            }
        }
    }

    #[test]
    fn a_role_or_subscription_that_is_required_is_compared_without_case() {
        let role = [("guard_require_role", "admin, Moderator")];
        let subscription = [("guard_require_subscription", "pro")];
        for (identity, variables, is_allowed) in [
            (tom("ADMIN", "FREE", false), role, true),
            (tom("moderator", "FREE", false), role, true),
            (tom("REGULAR", "FREE", false), role, false),
            (tom("", "FREE", false), role, false),
            (tom("ADMINISTRATOR", "FREE", false), role, false),
            (tom("admin, Moderator", "FREE", false), role, false),
            (tom("REGULAR", "PRO", false), subscription, true),
            (tom("ADMIN", "FREE", false), subscription, false),
        ] {
            let decision = decision_about(identity.clone(), &variables);
            let expected = match is_allowed {
                true => Decision::HandOn(Some(identity)),
                false => Decision::Refuse(Refusal::Forbidden),
            };
            assert_eq!(decision, expected);
        }
    }

    #[test]
    fn all_requirements_must_be_met() {
        let all = [
            ("guard_require_role", "ADMIN"),
            ("guard_require_subscription", "PRO"),
            ("guard_require_verified", "true"),
        ];
        for (identity, expected) in [
            (tom("ADMIN", "PRO", false), Some(Refusal::EmailNotVerified)),
            (tom("ADMIN", "FREE", true), Some(Refusal::Forbidden)),
            (tom("REGULAR", "PRO", true), Some(Refusal::Forbidden)),
            (tom("ADMIN", "PRO", true), None),
        ] {
            let expected = match expected {
                Some(refusal) => Decision::Refuse(refusal),
                None => Decision::HandOn(Some(identity.clone())),
            };
            assert_eq!(decision_about(identity, &all), expected);
        }
    }

    #[test]
    fn public_paths_have_neither_a_call_nor_an_identity() {
        let settings = settings(&[("guard_public_paths", "/app")]);
        for facts in [nobody(), bearer(), navigation(nobody())] {
            assert_eq!(decide(&facts, &settings, None), Decision::HandOn(None));
        }
    }

    #[test]
    fn tunnels_are_refused_even_on_public_paths() {
        let settings = settings(&[("guard_public_paths", "/app")]);
        let facts = Facts {
            is_tunnel: true,
            ..cookie()
        };
        let refused = Decision::Refuse(Refusal::Tunnel);
        assert_eq!(decide(&facts, &settings, None), refused);
    }
}
