//! Routes: map paths to components, and compute the part of a path that a wildcard matched.

use anyhow::{Result, ensure};
use http::HeaderValue;

/// The routes of the manifest, in order of precedence.
#[derive(Debug)]
pub(crate) struct Routes(Vec<Route>);

/// One route: a path or, with a trailing `/...`, all paths below it.
#[derive(Debug)]
pub(crate) struct Route {
    prefix: String,
    wildcard: bool,
    /// The name of the component that answers.
    pub(crate) component_id: String,
    /// The values of the headers that depend only on the route.
    pub(crate) raw: HeaderValue,
    pub(crate) matched: HeaderValue,
    pub(crate) component: HeaderValue,
}

impl Routes {
    /// Parses the manifest's routes, each with the name of its component.
    ///
    /// # Errors
    /// If a route has a parameter, which Spin supports and this host does not.
    pub(crate) fn parse<'a>(routes: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self> {
        let mut parsed = routes
            .map(|(route, component_id)| Route::parse(route, component_id))
            .collect::<Result<Vec<_>>>()?;
        parsed.sort_by_key(|route| (route.wildcard, usize::MAX - route.prefix.len()));
        Ok(Self(parsed))
    }

    /// The best route for `path`: the exact one, or the longest wildcard.
    pub(crate) fn find(&self, path: &str) -> Option<&Route> {
        self.0.iter().find(|route| route.matches(path))
    }

    /// The lines to print at startup for a server at `address`.
    pub(crate) fn describe(&self, address: &str) -> impl Iterator<Item = String> {
        self.0.iter().map(move |route| {
            let wildcard = if route.wildcard { " (wildcard)" } else { "" };
            format!(
                "{}: {address}{}{wildcard}",
                route.component_id, route.prefix
            )
        })
    }
}

impl Route {
    /// The route of a call from another component: it matches every path.
    ///
    /// # Errors
    /// If the name is not text for a header.
    pub(crate) fn of_call(component_id: &str) -> Result<Self> {
        Self::parse("/...", component_id)
    }

    fn parse(raw: &str, component_id: &str) -> Result<Self> {
        ensure!(
            !raw.contains([':', '*']),
            "the route `{raw}` has a parameter, which this host does not support"
        );
        let slash = if raw.starts_with('/') { "" } else { "/" };
        let absolute = format!("{slash}{raw}");
        let matched = absolute.strip_suffix('/').unwrap_or(&absolute);
        let prefix = matched.strip_suffix("/...");
        Ok(Self {
            prefix: prefix.unwrap_or(matched).to_owned(),
            wildcard: prefix.is_some(),
            component_id: component_id.to_owned(),
            raw: raw.try_into()?,
            matched: matched.try_into()?,
            component: raw.strip_suffix("/...").unwrap_or(raw).try_into()?,
        })
    }

    fn matches(&self, path: &str) -> bool {
        let Some(rest) = path.strip_prefix(&self.prefix) else {
            return false;
        };
        matches!(rest, "" | "/") || (self.wildcard && rest.starts_with('/'))
    }

    /// The part of `path` that the wildcard matched, with its leading slash.
    pub(crate) fn path_info<'a>(&self, path: &'a str) -> &'a str {
        if self.wildcard {
            path.strip_prefix(&self.prefix).unwrap_or(path)
        } else {
            ""
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names each component after its route.
    fn parse(routes: &[&str]) -> Result<Routes> {
        Routes::parse(routes.iter().map(|route| (*route, *route)))
    }

    fn found(routes: &[&str], path: &str) -> Option<String> {
        let routes = parse(routes).unwrap();
        routes.find(path).map(|route| route.component_id.clone())
    }

    #[test]
    fn a_path_that_matches_no_route_is_not_found() {
        for (route, path) in [
            ("/a", "/"),
            ("/a", "/ab"),
            ("/a", "/a/b"),
            ("/a/...", "/"),
            ("/a/...", "/ab"),
            ("/", "/a"),
        ] {
            assert_eq!(found(&[route], path), None, "{route} {path}");
        }
    }

    #[test]
    fn a_route_with_a_parameter_is_rejected() {
        for route in ["/users/:id", "/a/*"] {
            assert!(parse(&[route]).is_err(), "{route}");
        }
    }

    #[test]
    fn an_exact_route_precedes_the_longest_wildcard() {
        let routes = ["/...", "/a/b", "/a/..."];
        for (path, expected) in [
            ("/", "/..."),
            ("/x/y", "/..."),
            ("/a", "/a/..."),
            ("/a/c", "/a/..."),
            ("/a/b", "/a/b"),
        ] {
            assert_eq!(found(&routes, path).as_deref(), Some(expected), "{path}");
        }
    }

    #[test]
    fn every_route_is_listed_with_its_component() {
        let routes = [("/...", "accounts"), ("/app/...", "app"), ("/app/x", "x")];
        let routes = Routes::parse(routes.into_iter()).unwrap();
        let lines: Vec<_> = routes.describe("http://a.test").collect();
        assert_eq!(
            lines,
            [
                "x: http://a.test/app/x",
                "app: http://a.test/app (wildcard)",
                "accounts: http://a.test (wildcard)",
            ]
        );
    }

    #[test]
    fn the_path_info_is_the_part_that_the_wildcard_matched() {
        for (route, path, expected) in [
            ("/...", "/", "/"),
            ("/...", "/a/b/", "/a/b/"),
            ("/a/...", "/a", ""),
            ("/a/...", "/a/", "/"),
            ("/a/...", "/a/b", "/b"),
            ("/a", "/a", ""),
        ] {
            assert_eq!(
                Route::parse(route, "app").unwrap().path_info(path),
                expected,
                "{route} {path}"
            );
        }
    }
}
