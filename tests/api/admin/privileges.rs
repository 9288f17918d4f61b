//! Every route of administration against everyone, generated from the description of the routes: a new
//! route cannot be forgotten.

use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::helpers::admin::{ADMIN_API_KEY, Administration, administration};
use crate::helpers::description::operations;
use crate::helpers::flows::{EMAIL, registration_of};
use crate::helpers::response::Response;

/// Those who ask, and the status that refuses them. `None`: they may.
const CALLERS: [(Caller, Option<u16>); 7] = [
    (Caller::Nobody, Some(401)),
    (Caller::User, Some(403)),
    (Caller::Moderator, Some(403)),
    (Caller::DisabledAdministrator, Some(401)),
    (Caller::WrongKey, Some(401)),
    (Caller::Administrator, None),
    (Caller::Key, None),
];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Caller {
    Nobody,
    User,
    Moderator,
    DisabledAdministrator,
    WrongKey,
    Administrator,
    Key,
}

impl Caller {
    /// Makes the caller, and adds their credentials to a request.
    async fn sign(self, it: &Administration, request: RequestBuilder) -> RequestBuilder {
        let token = match self {
            Self::Nobody => return request,
            Self::User => it.app.access_token(EMAIL).await,
            Self::Moderator => {
                let statement =
                    "UPDATE users SET account_role = 'MODERATOR' WHERE username = 'Tom'";
                it.app.change(statement);
                it.app.access_token(EMAIL).await
            }
            Self::DisabledAdministrator => {
                let eve = registration_of("eve@example.com", "eve");
                it.app.register(&eve).await.assert_status(201);
                let token = it.app.access_token("eve").await;
                it.app.change(
                    "UPDATE users SET account_role = 'ADMIN', disabled_at = 1 WHERE username = 'eve'",
                );
                token
            }
            Self::WrongKey => ADMIN_API_KEY.replace("the", "The"),
            Self::Administrator => it.ann.clone(),
            Self::Key => ADMIN_API_KEY.to_owned(),
        };
        request.bearer_auth(token)
    }
}

/// The routes of administration: method and path.
async fn routes() -> Vec<(Method, String)> {
    let operations = operations().await.into_iter();
    let own = operations.filter(|(_, path, _)| path.starts_with("/api/v1/admin/"));
    let routes: Vec<_> = own
        .map(|(method, path, _)| {
            let method = method.to_uppercase();
            (method.parse().expect("a method"), path)
        })
        .collect();
    assert!(routes.len() >= 12, "{routes:?}");
    routes
}

#[tokio::test]
async fn only_administrators_and_the_key_may_and_the_others_change_nothing() {
    let it = administration().await;
    for (method, path) in routes().await {
        for (caller, refusal) in CALLERS {
            let path = path.replace("{id}", &it.tom_id);
            let request = it.app.request(method.clone(), &path);
            // An empty object is no valid body of a change, except where nothing is asked for.
            let request = match refusal {
                Some(_) if method != Method::GET => request.json(&body_of(&path)),
                _ if method == Method::POST || method == Method::PATCH => request.json(&json!({})),
                _ => request,
            };
            let before = state(&it);
            let request = caller.sign(&it, request).await;
            let between = state(&it);
            if refusal.is_none() && method == Method::DELETE && !path.ends_with("/sessions") {
                // Deleting Tom would end the test.
                continue;
            }
            let response = Response::to(request).await;
            match refusal {
                Some(status) => {
                    assert_eq!(response.status, status, "{caller:?} {response:?}");
                    assert_eq!(state(&it), between, "{caller:?} {method} {path}");
                }
                None => {
                    let is_let_in = ![401, 403].contains(&response.status);
                    assert!(is_let_in, "{caller:?} {response:?}");
                }
            }
            undo(&it, before != between);
        }
    }
}

/// A body with which the change would succeed.
fn body_of(path: &str) -> serde_json::Value {
    if path.ends_with("/disable") {
        return json!({"reason": "Spam"});
    }
    json!({"email": "new@example.com", "account_subscription": "PRO"})
}

/// What routes of administration can change.
fn state(it: &Administration) -> String {
    it.app.value(
        "SELECT (SELECT group_concat(username || account_role || account_subscription || \
         coalesce(disabled_at, '') || coalesce(email_verified_at, ''), ',') FROM users) || \
         (SELECT count(*) FROM sessions) || ' ' || \
         (SELECT count(*) FROM password_reset_tokens)",
    )
}

/// Makes Tom a regular user again, and removes the others.
fn undo(it: &Administration, has_changed: bool) {
    if has_changed {
        let database = it.app.database();
        let reset = database.execute_batch(
            "UPDATE users SET account_role = 'REGULAR' WHERE username = 'Tom'; \
             DELETE FROM users WHERE username = 'eve'",
        );
        reset.expect("valid statements");
    }
}

#[tokio::test]
async fn no_other_route_takes_the_key() {
    let it = administration().await;
    for (method, path, operation) in operations().await {
        let schemes = operation["security"].to_string();
        let is_protected = schemes.contains("OAuth2PasswordBearer");
        if path.starts_with("/api/v1/admin/") || !is_protected {
            continue;
        }
        let method: Method = method.to_uppercase().parse().expect("a method");
        let path = path.replace("{id}", &it.tom_id);
        let request = it.app.request(method, &path).bearer_auth(ADMIN_API_KEY);
        let response = Response::to(request).await;
        assert_eq!(response.status, 401, "{path}: {response:?}");
    }
}
