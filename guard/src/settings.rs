//! The settings, read from Spin variables and checked once.

use http::Uri;
use http::uri::{Authority, Scheme};

use crate::public_paths::PublicPaths;

/// The variables. A component that does not declare one leaves it at its default.
pub const VARIABLES: [&str; 7] = [
    "guard_gatehouse",
    "guard_upstream",
    "guard_origin",
    "guard_public_paths",
    "guard_require_role",
    "guard_require_subscription",
    "guard_require_verified",
];
/// Spin's name for a component with the id `gatehouse` in the same application.
const DEFAULT_GATEHOUSE: &str = "http://gatehouse.spin.internal";

/// The settings of the guard.
#[derive(Debug)]
pub struct Settings {
    pub gatehouse: Service,
    /// Required by a gateway, unused by middleware.
    pub upstream: Option<Service>,
    /// The origin of the application's pages, in lower case. By default, that of the request.
    pub origin: Option<String>,
    pub public_paths: PublicPaths,
    pub roles: Allowed,
    pub subscriptions: Allowed,
    pub requires_verified: bool,
}

/// Another component or server.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    pub scheme: Scheme,
    pub authority: Authority,
}

/// The values that a setting allows. By default, all.
#[derive(Debug, PartialEq)]
pub struct Allowed(Option<Vec<String>>);

/// A variable that cannot be used.
#[derive(Debug, PartialEq)]
pub struct Problem {
    pub variable: &'static str,
    /// Continues the variable's name in a sentence, and never includes the value.
    pub problem: &'static str,
}

impl Settings {
    /// Checks the variables. An empty value counts as none.
    ///
    /// # Errors
    /// The first variable that cannot be used.
    pub fn parse(read: impl Fn(&str) -> Option<String>) -> Result<Self, Problem> {
        let read = |name: &str| read(name).filter(|value| !value.trim().is_empty());
        Ok(Self {
            gatehouse: Service::parse(&read("guard_gatehouse").unwrap_or(DEFAULT_GATEHOUSE.into()))
                .map_err(in_variable("guard_gatehouse"))?,
            upstream: optional("guard_upstream", &read, Service::parse)?,
            origin: optional("guard_origin", &read, origin)?,
            public_paths: optional("guard_public_paths", &read, PublicPaths::parse)?
                .unwrap_or_default(),
            roles: Allowed(optional("guard_require_role", &read, names)?),
            subscriptions: Allowed(optional("guard_require_subscription", &read, names)?),
            requires_verified: optional("guard_require_verified", &read, boolean)?.unwrap_or(false),
        })
    }
}

impl Service {
    fn parse(url: &str) -> Result<Self, &'static str> {
        const PROBLEM: &str =
            "is not an address such as `http://app.spin.internal`, without a path";
        let uri: Uri = url.trim().parse().map_err(|_| PROBLEM)?;
        let parts = uri.into_parts();
        let is_root = parts.path_and_query.is_none_or(|path| path == "/");
        match (parts.scheme, parts.authority) {
            (Some(scheme), Some(authority))
                if is_root
                    && (scheme == Scheme::HTTP || scheme == Scheme::HTTPS)
                    && !authority.as_str().contains('@') =>
            {
                Ok(Self { scheme, authority })
            }
            _ => Err(PROBLEM),
        }
    }

    /// The address of the same path and query there.
    #[cfg(not(feature = "middleware"))]
    pub fn uri_of(&self, uri: &Uri) -> Option<Uri> {
        let path = uri.path_and_query()?.clone();
        let there = Uri::builder().scheme(self.scheme.clone());
        let there = there.authority(self.authority.clone());
        there.path_and_query(path).build().ok()
    }
}

impl Allowed {
    /// Whether the setting allows a value, in whatever case.
    pub fn allow(&self, value: &str) -> bool {
        let Self(Some(allowed)) = self else {
            return true;
        };
        allowed.iter().any(|one| one.eq_ignore_ascii_case(value))
    }
}

fn optional<T>(
    variable: &'static str,
    read: &impl Fn(&str) -> Option<String>,
    parse: impl Fn(&str) -> Result<T, &'static str>,
) -> Result<Option<T>, Problem> {
    let value = read(variable);
    let parsed = value.map(|value| parse(&value)).transpose();
    parsed.map_err(in_variable(variable))
}

fn in_variable(variable: &'static str) -> impl Fn(&'static str) -> Problem {
    move |problem| Problem { variable, problem }
}

fn origin(url: &str) -> Result<String, &'static str> {
    let service = Service::parse(url)
        .map_err(|_| "is not an origin such as `https://app.example.com`, without a path")?;
    let origin = format!("{}://{}", service.scheme, service.authority);
    Ok(origin.to_ascii_lowercase())
}

fn names(list: &str) -> Result<Vec<String>, &'static str> {
    let names = list.split(',').map(str::trim);
    let is_name = |name: &str| {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        !name.is_empty() && name.bytes().all(is_allowed)
    };
    let names = names.map(|name| is_name(name).then(|| name.to_owned()));
    let names: Option<_> = names.collect();
    names.ok_or("is not a list of names with commas")
}

fn boolean(value: &str) -> Result<bool, &'static str> {
    match value.trim() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("is neither `true` nor `false`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(variable: &str, value: &str) -> Result<Settings, Problem> {
        Settings::parse(|name| (name == variable).then(|| value.to_owned()))
    }

    #[test]
    fn without_variables_everyone_with_a_session_passes() {
        for settings in [
            Settings::parse(|_| None).expect("defaults"),
            Settings::parse(|_| Some(" ".into())).expect("defaults"),
        ] {
            assert_eq!(settings.gatehouse.authority, "gatehouse.spin.internal");
            assert_eq!(settings.upstream, None);
            assert!(settings.roles.allow("REGULAR"));
            assert!(!settings.requires_verified);
            assert!(!settings.public_paths.contain("/"));
        }
    }

    #[test]
    fn a_value_that_cannot_be_used_is_refused_by_its_variables_name() {
        for (variable, value) in [
            ("guard_gatehouse", "gatehouse.spin.internal"),
            ("guard_gatehouse", "ftp://gatehouse"),
            ("guard_gatehouse", "http://user@gatehouse"),
            ("guard_gatehouse", "http://"),
            ("guard_upstream", "http://app.spin.internal/path"),
            ("guard_upstream", "http://app.spin.internal?query"),
            ("guard_upstream", "/app"),
            ("guard_origin", "app.example"),
            ("guard_origin", "https://app.example/page"),
            ("guard_origin", "null"),
            ("guard_public_paths", "about"),
            ("guard_require_role", "ADMIN,"),
            ("guard_require_role", "ADMIN;MODERATOR"),
            ("guard_require_subscription", ","),
            ("guard_require_verified", "yes"),
            ("guard_require_verified", "True"),
        ] {
            let problem = parse(variable, value).expect_err(value);
            assert_eq!(problem.variable, variable, "{value}");
        }
    }

    #[test]
    fn addresses_and_origins_may_have_ports_and_capitals() {
        let settings = parse("guard_upstream", "http://127.0.0.1:3001/").expect("an address");
        let upstream = settings.upstream.expect("an upstream");
        assert_eq!(upstream.authority, "127.0.0.1:3001");
        let settings = parse("guard_origin", "https://App.example:8443").expect("an origin");
        assert_eq!(settings.origin.as_deref(), Some("https://app.example:8443"));
    }

    #[test]
    fn every_variable_that_is_parsed_is_listed() {
        let read = std::cell::RefCell::new(Vec::new());
        let parsed = Settings::parse(|name| {
            read.borrow_mut().push(name.to_owned());
            None
        });
        assert!(parsed.is_ok());
        let mut read = read.into_inner();
        let mut listed = VARIABLES.map(str::to_owned);
        read.sort();
        listed.sort();
        assert_eq!(read, listed);
    }
}
