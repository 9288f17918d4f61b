//! The headers that the application gets: nothing forged, and nothing that proves the session.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::cookies;
use crate::facts::is_bearer;
use crate::gatehouse::Identity;

/// The address of the client's connection, with its port.
pub const CLIENT_ADDRESS: HeaderName = HeaderName::from_static("x-gatehouse-client-addr");
/// The prefix of the headers that only the guard may set.
const OWN_PREFIX: &str = "x-gatehouse-";
/// The same, from Spin. Gatehouse reads it from components that call it.
pub const SPIN_CLIENT_ADDRESS: HeaderName = HeaderName::from_static("spin-client-addr");

/// Headers that describe one connection, which only hosts may set. WASI calls them forbidden, and hosts refuse
/// all headers with one of them.
const OF_CONNECTIONS: [&str; 9] = [
    "connection",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
];

/// The headers for the host, without those that only hosts may set.
pub fn for_host(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    let allowed = headers
        .iter()
        .filter(|(name, _)| !OF_CONNECTIONS.contains(&name.as_str()));
    allowed
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .collect()
}

/// Prepares the headers of a request for the application.
pub fn prepare(headers: &mut HeaderMap, identity: Option<&Identity>) {
    remove_all(headers, is_own);
    cookies::remove_own(headers);
    if let Some(address) = client_address(headers) {
        headers.insert(CLIENT_ADDRESS, address);
    }
    let Some(identity) = identity else { return };
    // A bearer token comes before the cookie, so if there is one, it proved the session. On public
    // paths, it may be the application's own.
    if headers.get_all(header::AUTHORIZATION).iter().any(is_bearer) {
        headers.remove(header::AUTHORIZATION);
    }
    headers.extend(identity.headers.iter().cloned());
}

/// Removes what describes the client's connection to Spin. Spin adds it again for the next component.
#[cfg(not(feature = "middleware"))]
pub fn leave_connection(headers: &mut HeaderMap) {
    headers.remove(header::HOST);
    remove_all(headers, |name| name.starts_with("spin-"));
}

/// The address of the client's connection. Spin adds it after what the client sent by this name.
pub fn client_address(headers: &HeaderMap) -> Option<HeaderValue> {
    headers
        .get_all(SPIN_CLIENT_ADDRESS)
        .iter()
        .next_back()
        .cloned()
}

/// Whether the name is one of the guard's, also to servers that take `_` and `-` for the same, as
/// CGI, WSGI and their successors do.
fn is_own(name: &str) -> bool {
    name.replace('_', "-").starts_with(OWN_PREFIX)
}

fn remove_all(headers: &mut HeaderMap, is_removed: impl Fn(&str) -> bool) {
    let names = headers.keys().filter(|name| is_removed(name.as_str()));
    for name in names.cloned().collect::<Vec<_>>() {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in list {
            let name: HeaderName = name.parse().expect("a name");
            headers.append(name, HeaderValue::from_static(value));
        }
        headers
    }

    fn identity() -> Identity {
        let role = HeaderName::from_static("x-gatehouse-role");
        Identity {
            headers: vec![(role, HeaderValue::from_static("REGULAR"))],
            role: "REGULAR".into(),
            subscription: "FREE".into(),
            is_email_verified: false,
        }
    }

    #[test]
    fn forged_headers_are_removed_with_and_without_an_identity() {
        let forged = [
            ("X-Gatehouse-Role", "ADMIN"),
            ("x-gatehouse-role", "ADMIN"),
            ("X-GATEHOUSE-USER-ID", "other"),
            ("x_gatehouse_role", "ADMIN"),
            ("x-gatehouse_role", "ADMIN"),
            ("x_gatehouse-anything", "x"),
            ("x-gatehouse-", "x"),
            ("x-gatehouse-client-addr", "x"),
        ];
        let mut public = headers(&forged);
        prepare(&mut public, None);
        assert!(public.is_empty(), "{public:?}");
        let mut guarded = headers(&forged);
        prepare(&mut guarded, Some(&identity()));
        assert_eq!(guarded, headers(&[("x-gatehouse-role", "REGULAR")]));
    }

    #[test]
    fn other_headers_stay_and_the_address_is_spins_own() {
        let sent = [
            ("accept", "a"),
            ("accept", "b"),
            ("x-gatehouse", "not ours"),
            ("cookie", "a=1; __Host-gatehouse=t"),
            ("spin-client-addr", "forged"),
            ("spin-client-addr", "192.0.2.1:5"),
        ];
        let mut handed_on = headers(&sent);
        prepare(&mut handed_on, None);
        assert_eq!(handed_on.get_all("accept").iter().count(), 2);
        assert_eq!(handed_on["x-gatehouse"], "not ours");
        assert_eq!(handed_on["cookie"], "a=1");
        assert_eq!(handed_on[CLIENT_ADDRESS], "192.0.2.1:5");
    }

    #[test]
    fn a_bearer_token_is_kept_from_the_application_where_it_proved_the_session() {
        for (authorization, is_public, is_kept) in [
            ("Bearer t", true, true),
            ("Bearer t", false, false),
            ("bearer t", false, false),
            ("Basic t", false, true),
        ] {
            let mut handed_on = headers(&[("authorization", authorization)]);
            let identity = (!is_public).then(identity);
            prepare(&mut handed_on, identity.as_ref());
            let found = handed_on.contains_key("authorization");
            assert_eq!(found, is_kept, "{authorization} {is_public}");
        }
    }
}
