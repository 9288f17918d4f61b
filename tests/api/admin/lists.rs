//! The list of users: search, filters and pages.

use serde_json::Value;

use crate::helpers::admin::{Administration, USERS, administration, administration_of};
use crate::helpers::app::Setup;
use crate::helpers::flows::EMAIL;
use crate::helpers::validation::in_query;

/// Adds 2,500 users, half of them unverified, registered a second apart.
const MANY_USERS: &str = "WITH RECURSIVE number(n) AS ( \
     SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 2500) \
     INSERT INTO users (id, username, email, hashed_password, account_role, account_subscription, \
     created_at, email_verified_at) \
     SELECT printf('00000000-0000-4000-8000-%012d', n), 'user' || n, 'person' || n || '@example.com', \
     'void', 'REGULAR', 'FREE', datetime(1700000000 + n, 'unixepoch'), \
     CASE n % 2 WHEN 0 THEN '2026-01-01' END FROM number";

async fn usernames(it: &Administration, query: &str) -> Vec<String> {
    it.listed(&format!("{USERS}?{query}"), "username").await
}

/// All pages of a list: the usernames, and the number of pages.
async fn all(it: &Administration, query: &str) -> (Vec<String>, usize) {
    let (items, pages) = it.all_pages(&format!("{USERS}?{query}")).await;
    let name = |item: &Value| item["username"].as_str().expect("a text").to_owned();
    (items.iter().map(name).collect(), pages)
}

#[tokio::test]
async fn the_newest_users_come_first() {
    let it = administration().await;
    it.app
        .change("UPDATE users SET created_at = '2030-01-01 00:00:00.5' WHERE username = 'ann'");
    assert_eq!(usernames(&it, "").await, ["ann", "Tom"]);
    it.app
        .change("UPDATE users SET created_at = '2020-01-01 00:00:00' WHERE username = 'ann'");
    assert_eq!(usernames(&it, "").await, ["Tom", "ann"]);
}

#[tokio::test]
async fn a_user_has_what_an_administrator_needs_and_no_secret() {
    let it = administration().await;
    let page = it.get(USERS).await.json();
    let users = page["items"].as_array().expect("a list");
    let tom = users.iter().find(|user| user["email"] == EMAIL);
    let tom = tom.expect("Tom");
    assert_eq!(tom["status"], "unverified");
    assert_eq!(tom["account_role"], "REGULAR");
    assert_eq!(tom["email_verified"], false);
    assert_eq!(tom["admin_by_setting"], false);
    for field in [
        "disabled_at",
        "disabled_until",
        "disabled_reason",
        "deletes_at",
    ] {
        assert_eq!(tom[field], Value::Null, "{field}");
    }
    let hash: String = it.app.value("SELECT hashed_password FROM users LIMIT 1");
    assert!(!page.to_string().contains(&hash[..20]));
}

#[tokio::test]
async fn a_search_finds_the_beginning_of_the_address_or_the_name_in_any_case() {
    let it = administration().await;
    it.app.change(
        "UPDATE users SET email = 'smith@example.com', username = 'AnnSmith' WHERE username = 'ann'",
    );
    for (query, found) in [
        ("tom", vec!["Tom"]),
        ("TOM%40EX", vec!["Tom"]),
        ("smi", vec!["AnnSmith"]),
        ("annsmi", vec!["AnnSmith"]),
        ("om", vec![]),
        ("tomx", vec![]),
        ("%25", vec![]),
        ("t_m", vec![]),
        ("t%27", vec![]),
        ("tom%00", vec![]),
    ] {
        assert_eq!(
            usernames(&it, &format!("query={query}")).await,
            found,
            "{query}"
        );
    }
}

#[tokio::test]
async fn who_matches_by_address_and_by_name_is_found_once() {
    let it = administration().await;
    assert_eq!(usernames(&it, "query=tom").await, ["Tom"]);
    let (names, _) = all(&it, "query=&limit=1").await;
    assert_eq!(names.len(), 2);
}

#[tokio::test]
async fn filters_of_role_and_status_find_exactly_the_users_in_that_state() {
    let setup = Setup::new().with("admin_emails", "boss@example.com");
    let it = administration_of(setup).await;
    let insert = |name: &str, role: &str, set: &str| {
        it.app.change(&format!(
            "INSERT INTO users (id, username, email, hashed_password, account_role, \
             account_subscription) VALUES ('{name}-0000-4000-8000-000000000000', '{name}', \
             '{name}@example.com', 'void', '{role}', 'FREE')"
        ));
        it.app
            .change(&format!("UPDATE users SET {set} WHERE username = '{name}'"));
    };
    // Names that are the first part of a UUID.
    insert("aaaaaaaa", "MODERATOR", "email_verified_at = '2026-01-01'");
    insert(
        "bbbbbbbb",
        "REGULAR",
        "disabled_at = 1, email_verified_at = '2026-01-01'",
    );
    insert("cccccccc", "REGULAR", "deletes_at = 99999999999");
    insert(
        "dddddddd",
        "MODERATOR",
        "disabled_at = 1, deletes_at = 99999999999",
    );
    it.app.change(
        "INSERT INTO users (id, username, email, hashed_password, account_role, \
         account_subscription, email_verified_at) VALUES ('eeeeeeee-0000-4000-8000-000000000000', \
         'boss', 'boss@example.com', 'void', 'REGULAR', 'FREE', '2026-01-01')",
    );
    for (query, expected) in [
        ("role=ADMIN", vec!["ann", "boss"]),
        ("role=MODERATOR", vec!["aaaaaaaa", "dddddddd"]),
        ("role=REGULAR", vec!["Tom", "bbbbbbbb", "cccccccc"]),
        ("status=active", vec!["aaaaaaaa", "boss"]),
        ("status=disabled", vec!["bbbbbbbb", "dddddddd"]),
        ("status=deleting", vec!["cccccccc"]),
        ("status=unverified", vec!["Tom", "ann"]),
        ("status=disabled&role=MODERATOR", vec!["dddddddd"]),
        ("status=active&role=ADMIN", vec!["boss"]),
        ("status=deleting&role=ADMIN", vec![]),
        ("query=b&status=active", vec!["boss"]),
        ("query=b&role=ADMIN", vec!["boss"]),
        ("query=b&role=REGULAR", vec!["bbbbbbbb"]),
    ] {
        let mut found = usernames(&it, query).await;
        found.sort();
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(found, expected, "{query}");
    }
}

#[tokio::test]
async fn pages_have_every_user_once_whatever_their_size() {
    let it = administration().await;
    it.app.change(MANY_USERS);
    for (query, users) in [
        ("limit=100", 2502),
        ("status=unverified&limit=100", 1252),
        ("query=person&limit=99", 2500),
        ("query=user1&limit=100", 1111),
        ("query=person&status=active&limit=100", 1250),
        ("role=ADMIN&limit=1", 1),
    ] {
        let (mut names, _) = all(&it, query).await;
        let found = names.len();
        names.sort();
        names.dedup();
        assert_eq!((found, names.len()), (users, users), "{query}");
    }
}

#[tokio::test]
async fn a_page_examines_a_bounded_number_of_users_and_says_where_to_go_on() {
    let it = administration().await;
    it.app.change(MANY_USERS);
    it.app
        .change("UPDATE users SET email_verified_at = '2026-01-01' WHERE username = 'user1'");
    it.app.change(
        "UPDATE users SET disabled_at = NULL, email_verified_at = NULL WHERE username <> 'user1'",
    );
    // The only match is the oldest of 2,502.
    let first = it.get(&format!("{USERS}?status=active")).await.json();
    assert_eq!(first["items"], Value::Array(Vec::new()));
    let (names, pages) = all(&it, "status=active").await;
    assert_eq!((names, pages), (vec!["user1".to_owned()], 3));
}

#[tokio::test]
async fn users_of_one_moment_are_paged_too() {
    let it = administration().await;
    it.app.change(MANY_USERS);
    it.app
        .change("UPDATE users SET created_at = '2026-01-01 00:00:00'");
    let (mut names, pages) = all(&it, "limit=100").await;
    names.sort();
    names.dedup();
    assert_eq!((names.len(), pages), (2502, 26));
}

#[tokio::test]
async fn a_cursor_goes_on_in_the_list_that_issued_it_alone() {
    let it = administration().await;
    let page = it.get(&format!("{USERS}?limit=1")).await.json();
    let cursor = page["next_cursor"].as_str().expect("a cursor").to_owned();
    let path = |query: &str| format!("{USERS}?cursor={cursor}{query}");
    it.get(&path("")).await.assert_status(200);
    it.get(&path("&limit=50")).await.assert_status(200);
    for query in ["&status=active", "&role=ADMIN", "&query=t"] {
        let response = it.get(&path(query)).await;
        let message = "The cursor must be the next_cursor of a page with the same parameters.";
        response.assert_invalid(&[in_query("cursor", message, &cursor)]);
    }
    it.get(&format!("{USERS}?cursor=AAAA"))
        .await
        .assert_status(422);
    let changed = format!("{USERS}?cursor={}A", &cursor[..cursor.len() - 1]);
    it.get(&changed).await.assert_status(422);
}

#[tokio::test]
async fn unusable_parameters_are_refused_together() {
    let it = administration().await;
    let response = it.get(&format!("{USERS}?role=king&status=x&limit=0")).await;
    response.assert_status(422);
    let detail = response.json()["detail"].clone();
    let fields: Vec<_> = detail.as_array().expect("a list").iter().collect();
    let locations: Vec<_> = fields
        .iter()
        .map(|error| error["loc"].to_string())
        .collect();
    assert_eq!(
        locations,
        [
            r#"["query","role"]"#,
            r#"["query","status"]"#,
            r#"["query","limit"]"#
        ]
    );
    assert_eq!(fields[0]["type"], "enum");
    assert_eq!(
        fields[0]["msg"],
        "Input should be 'ADMIN', 'MODERATOR' or 'REGULAR'"
    );
    for limit in ["101", "-1", "1.5", "many", "99999999999999999999"] {
        let response = it.get(&format!("{USERS}?limit={limit}")).await;
        response.assert_status(422);
    }
    let long = "x".repeat(2000);
    let response = it.get(&format!("{USERS}?query={long}")).await;
    response.assert_status(422);
    assert!(response.text.len() < 2000);
}
