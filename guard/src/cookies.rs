//! The cookies of Gatehouse among those of a request.

use http::{HeaderMap, HeaderValue, header};

/// The session cookie. Browsers accept the prefix only over HTTPS, for this host alone.
const SESSION: &str = "__Host-gatehouse";
/// The session cookie where there is no HTTPS. A page on a sibling domain could set it.
const INSECURE_SESSION: &str = "gatehouse";
/// All cookies of Gatehouse.
const OWN: [&str; 4] = [
    SESSION,
    INSECURE_SESSION,
    "__Secure-gatehouse-refresh",
    "gatehouse-refresh",
];

/// The session cookie alone, as a value of `Cookie`.
pub fn session(headers: &HeaderMap, accepts_insecure: bool) -> Option<HeaderValue> {
    let find = |wanted: &str| {
        let mut cookies = pairs(headers);
        cookies.find(|cookie| name(cookie) == wanted.as_bytes())
    };
    let insecure = || accepts_insecure.then(|| find(INSECURE_SESSION)).flatten();
    HeaderValue::from_bytes(find(SESSION).or_else(insecure)?).ok()
}

/// Removes the cookies of Gatehouse, so that the application cannot take over the session.
pub fn remove_own(headers: &mut HeaderMap) {
    let is_own = |cookie: &&[u8]| {
        let name = name(cookie);
        OWN.iter()
            .any(|own| name.eq_ignore_ascii_case(own.as_bytes()))
    };
    if !pairs(headers).any(|cookie| is_own(&cookie)) {
        return;
    }
    let others: Vec<_> = pairs(headers).filter(|cookie| !is_own(cookie)).collect();
    let others = HeaderValue::from_bytes(&others.join(&b"; "[..])).ok();
    headers.remove(header::COOKIE);
    if let Some(others) = others.filter(|others| !others.is_empty()) {
        headers.insert(header::COOKIE, others);
    }
}

/// The cookies, each as `name=value`. HTTP/2 may spread them over several headers.
fn pairs(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let values = headers.get_all(header::COOKIE).iter();
    let cookies = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b';'));
    cookies
        .map(<[u8]>::trim_ascii)
        .filter(|cookie| !cookie.is_empty())
}

fn name(cookie: &[u8]) -> &[u8] {
    let end = cookie.iter().position(|byte| *byte == b'=');
    cookie[..end.unwrap_or(cookie.len())].trim_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookies: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            let value = HeaderValue::from_str(cookie).expect("a value");
            headers.append(header::COOKIE, value);
        }
        headers
    }

    #[test]
    fn the_session_cookie_is_found_among_others_and_taken_alone() {
        for (cookies, accepts_insecure, expected) in [
            (
                vec!["a=1; __Host-gatehouse=t; b=2"],
                false,
                Some("__Host-gatehouse=t"),
            ),
            (
                vec!["a=1", "__Host-gatehouse=t"],
                false,
                Some("__Host-gatehouse=t"),
            ),
            (
                vec!["a=1;__Host-gatehouse=t=="],
                false,
                Some("__Host-gatehouse=t=="),
            ),
            (
                vec!["gatehouse=i; __Host-gatehouse=t"],
                true,
                Some("__Host-gatehouse=t"),
            ),
            (vec!["gatehouse=i"], true, Some("gatehouse=i")),
            (vec!["gatehouse=i"], false, None),
            (vec!["xgatehouse=i; gatehouse2=i"], true, None),
            (vec!["__Host-gatehouse-refresh=r"], true, None),
            (vec!["a=__Host-gatehouse=t"], true, None),
            (vec!["", ";;", "="], true, None),
            (vec![], true, None),
        ] {
            let found = session(&headers(&cookies), accepts_insecure);
            let found = found.as_ref().map(|value| value.to_str().expect("text"));
            assert_eq!(found, expected, "{cookies:?}");
        }
    }

    #[test]
    fn only_the_cookies_of_gatehouse_are_removed_in_whatever_form() {
        for (cookies, expected) in [
            (vec!["a=1; b=2"], Some("a=1; b=2")),
            (vec!["a=1;b=2"], Some("a=1;b=2")),
            (vec!["a=1; __Host-gatehouse=t; b=2"], Some("a=1; b=2")),
            (vec!["__Host-gatehouse=t", "a=1"], Some("a=1")),
            (vec![" gatehouse = t ;a=1"], Some("a=1")),
            (vec!["__host-GATEHOUSE=t; a=1"], Some("a=1")),
            (vec!["gatehouse; a=1"], Some("a=1")),
            (
                vec!["__Secure-gatehouse-refresh=r; gatehouse-refresh=r"],
                None,
            ),
            (vec!["__Host-gatehouse=t; __Host-gatehouse=u"], None),
            (vec!["my-gatehouse=1"], Some("my-gatehouse=1")),
            (vec!["name=ż; gatehouse=t"], Some("name=ż")),
        ] {
            let mut headers = headers(&cookies);
            remove_own(&mut headers);
            let left = headers.get(header::COOKIE);
            let left = left.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
            assert_eq!(left.as_deref(), expected, "{cookies:?}");
            assert!(headers.get_all(header::COOKIE).iter().count() <= 1);
        }
    }
}
