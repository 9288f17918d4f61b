//! The client's network, as far as its address can be trusted.

use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};

use crate::app::App;

/// The address that Spin reports for a call from another component of the application. No connection
/// has it, so no client can appear to be one.
const COMPONENT: &[u8] = b"0.0.0.0:0";

/// The network whose requests count together: an IPv4 address, or the /64 of an IPv6 address, which
/// commonly belongs to one customer (RFC 6177). All unknown addresses count together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(Option<IpAddr>);

impl FromRequestParts<&'static App> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &&'static App) -> Result<Self, Infallible> {
        Ok(Self::of(
            &parts.headers,
            app.settings.http.trusted_proxy_hops,
        ))
    }
}

impl ClientAddress {
    /// The network of the connection's address, or with `hops` trusted proxies, of the address that
    /// the outermost one saw.
    ///
    /// A component that calls this one may pass on `spin-client-addr` as it got it, all values or the
    /// last. Then its client counts, and otherwise all its calls count as one network.
    pub fn of(headers: &HeaderMap, hops: usize) -> Self {
        let forwarded = hops
            .checked_sub(1)
            .and_then(|skip| parse(entries(headers, "x-forwarded-for").nth_back(skip)?));
        // Clients can send this header too. Spin appends its own value last, and does so again for
        // each component that passes the request on. So the last value that is not a component's is
        // the one that Spin appended for the client's connection.
        let connection = || {
            let mut values = entries(headers, "spin-client-addr").rev().peekable();
            let last = *values.peek()?;
            parse(values.find(|value| *value != COMPONENT).unwrap_or(last))
        };
        Self(forwarded.or_else(connection).map(network))
    }

    /// The first part of the address, which people can recognise and which names nobody: the /24 of an
    /// IPv4 address, or the /48 of an IPv6 address.
    pub fn prefix(&self) -> Option<String> {
        Some(match self.0? {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                format!("{a}.{b}.{c}.0/24")
            }
            IpAddr::V6(address) => {
                let [a, b, c, ..] = address.segments();
                format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
            }
        })
    }
}

/// The entries of a list, which may take several lines. They are bytes, so that one that is not UTF-8
/// does not hide the others.
fn entries<'a>(headers: &'a HeaderMap, name: &str) -> impl DoubleEndedIterator<Item = &'a [u8]> {
    let lines = headers.get_all(name).into_iter().map(HeaderValue::as_bytes);
    let entries = lines.flat_map(|line| line.split(|byte| *byte == b','));
    entries.map(<[u8]>::trim_ascii)
}

fn parse(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?;
    let with_port = || text.parse().ok().map(|address: SocketAddr| address.ip());
    text.parse().ok().or_else(with_port)
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 => v4,
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(address) => address.fmt(f),
            None => f.write_str("unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    fn address(headers: &[(&'static str, &'static str)], hops: usize) -> String {
        let headers = headers.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        ClientAddress::of(&headers.collect(), hops).to_string()
    }

    #[test]
    fn without_trusted_proxies_only_the_connection_counts() {
        let headers = [
            ("spin-client-addr", "6.6.6.6:1"),
            ("x-forwarded-for", "7.7.7.7"),
            ("forwarded", "for=8.8.8.8"),
            ("x-real-ip", "9.9.9.9"),
            ("spin-client-addr", "1.2.3.4:5678"),
        ];
        assert_eq!(address(&headers, 0), "1.2.3.4");
    }

    #[test]
    fn a_component_that_calls_passes_on_the_address_of_its_client_or_counts_itself() {
        for (values, expected) in [
            (&["0.0.0.0:0"][..], "0.0.0.0"),
            (&["0.0.0.0:0", "0.0.0.0:0"], "0.0.0.0"),
            (&["1.2.3.4:5", "0.0.0.0:0"], "1.2.3.4"),
            (&["1.2.3.4:5", "0.0.0.0:0", "0.0.0.0:0"], "1.2.3.4"),
            (&["6.6.6.6:1", "1.2.3.4:5", "0.0.0.0:0"], "1.2.3.4"),
            (&["6.6.6.6:1", "0.0.0.0:0", "1.2.3.4:5"], "1.2.3.4"),
            (&["1.2.3.4:5", "nonsense", "0.0.0.0:0"], "unknown"),
            (&["1.2.3.4:5", "0.0.0.0:1"], "0.0.0.0"),
            (&["6.6.6.6:1, 1.2.3.4:5", "0.0.0.0:0"], "1.2.3.4"),
            (&["1.2.3.4:5 ,0.0.0.0:0 ", "0.0.0.0:0"], "1.2.3.4"),
        ] {
            let headers = values.iter().map(|value| ("spin-client-addr", *value));
            let headers: Vec<_> = headers.collect();
            assert_eq!(address(&headers, 0), expected, "{values:?}");
        }
    }

    #[test]
    fn a_trusted_proxy_precedes_the_address_that_a_component_passes_on() {
        let headers = [
            ("x-forwarded-for", "6.6.6.6, 1.1.1.1"),
            ("spin-client-addr", "10.0.0.1:1"),
            ("spin-client-addr", "0.0.0.0:0"),
        ];
        assert_eq!(address(&headers, 1), "1.1.1.1");
        assert_eq!(address(&headers[1..], 1), "10.0.0.1");
    }

    #[test]
    fn each_trusted_proxy_is_one_step_to_the_left() {
        let headers = [
            ("spin-client-addr", "10.0.0.1:1"),
            ("x-forwarded-for", "6.6.6.6, 1.1.1.1"),
            ("x-forwarded-for", "2.2.2.2:443, 3.3.3.3"),
        ];
        for (hops, expected) in [
            (1, "3.3.3.3"),
            (2, "2.2.2.2"),
            (3, "1.1.1.1"),
            (5, "10.0.0.1"),
        ] {
            assert_eq!(address(&headers, hops), expected, "{hops} hops");
        }
    }

    #[test]
    fn an_invalid_address_falls_back_to_the_connection_or_to_unknown() {
        let headers = [
            ("x-forwarded-for", "unknown"),
            ("spin-client-addr", "1.2.3.4:5"),
        ];
        assert_eq!(address(&headers, 1), "1.2.3.4");
        assert_eq!(address(&[("spin-client-addr", "nonsense")], 0), "unknown");
        assert_eq!(address(&[], 1), "unknown");
    }

    #[test]
    fn an_entry_that_is_not_utf8_is_skipped_alone() {
        let value = HeaderValue::from_bytes(b"6.6.6.6, \xff\xfe, 1.1.1.1").expect("a header");
        let headers: HeaderMap = [
            (
                HeaderName::from_static("spin-client-addr"),
                HeaderValue::from_static("10.0.0.1:1"),
            ),
            (HeaderName::from_static("x-forwarded-for"), value),
        ]
        .into_iter()
        .collect();
        for (hops, expected) in [(1, "1.1.1.1"), (2, "10.0.0.1"), (3, "6.6.6.6")] {
            let address = ClientAddress::of(&headers, hops);
            assert_eq!(address.to_string(), expected, "{hops} hops");
        }
    }

    #[test]
    fn a_prefix_keeps_the_first_part_of_the_address() {
        for (typed, prefix) in [
            ("192.0.2.77:80", Some("192.0.2.0/24")),
            ("[2001:db8:1:2:3:4:5:6]:80", Some("2001:db8:1::/48")),
            ("[::ffff:192.0.2.77]:80", Some("192.0.2.0/24")),
            ("nonsense", None),
        ] {
            let headers = [("spin-client-addr", HeaderValue::from_static(typed))];
            let headers = headers.map(|(name, value)| (HeaderName::from_static(name), value));
            let address = ClientAddress::of(&headers.into_iter().collect(), 0);
            assert_eq!(address.prefix().as_deref(), prefix, "{typed}");
        }
    }

    #[test]
    fn addresses_of_one_customer_count_together() {
        for (typed, network) in [
            ("[2001:db8:1:2:3:4:5:6]:80", "2001:db8:1:2::"),
            ("2001:db8:1:2::1", "2001:db8:1:2::"),
            ("::ffff:1.2.3.4", "1.2.3.4"),
        ] {
            assert_eq!(address(&[("spin-client-addr", typed)], 0), network);
        }
    }

    /// A header line: any allowed bytes, with a bias towards lists of addresses.
    fn line() -> impl Strategy<Value = Vec<u8>> {
        vec(
            prop_oneof![b' '..=b'~', 0x80..=0xff_u8, select(&b"\t, .:[]1af"[..])],
            0..60,
        )
    }

    fn forwarded(lines: &[Vec<u8>]) -> HeaderMap {
        let name = HeaderName::from_static("x-forwarded-for");
        let values = lines.iter().map(|line| HeaderValue::from_bytes(line));
        let values = values.map(|value| value.expect("valid header bytes"));
        values.map(|value| (name.clone(), value)).collect()
    }

    proptest! {
        #[test]
        fn the_address_is_short_for_any_header(
            lines in vec(line(), 0..5),
            hops: usize,
        ) {
            for hops in [hops % 4, hops] {
                let address = ClientAddress::of(&forwarded(&lines), hops).to_string();
                prop_assert!(address.len() <= 39, "{address}");
            }
        }

        #[test]
        fn client_headers_never_override_the_addresses_from_proxies(
            mut lines in vec(line(), 0..3),
            mut last in line(),
            seen in vec(any::<IpAddr>(), 1..4),
        ) {
            let entries: Vec<_> = seen.iter().map(IpAddr::to_string).collect();
            last.extend(format!(", {}", entries.join(", ")).into_bytes());
            lines.push(last);
            let found = ClientAddress::of(&forwarded(&lines), seen.len());
            prop_assert_eq!(found, ClientAddress(Some(network(seen[0]))));
        }
    }
}
