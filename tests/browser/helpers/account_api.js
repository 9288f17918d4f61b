// Responses of the account's API that a test chooses, for states that take long to reach.

const AGENTS = {
  firefox: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  safari:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
  edge: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0',
};

/** A time some seconds ago, as in the API. */
function ago(seconds) {
  return new Date(Date.now() - seconds * 1000).toISOString();
}

/** A session, as in the API. */
export function session(id, agent, values = {}) {
  return {
    id,
    current: false,
    created_at: ago(200_000),
    last_used_at: ago(4000),
    user_agent: AGENTS[agent] ?? agent,
    ip_prefix: '192.0.2.0/24',
    method: 'password',
    ...values,
  };
}

/** An event, as in the API. */
export function event(id, action, detail = {}) {
  return { id, at: ago(id * 5000), action, detail };
}

/** Sessions of every kind. */
export const SESSIONS = [
  session('1', 'firefox', { current: true, last_used_at: ago(1) }),
  session('2', 'safari', { ip_prefix: '2001:db8:1::/48' }),
  session('3', 'edge', { method: 'legacy', ip_prefix: null, last_used_at: ago(500_000) }),
  session('4', 'curl/8.5.0'),
  session('5', null),
];

/** Events of every kind, newest first. */
export const EVENTS = [
  event(1, 'session.created', { method: 'password', user_agent: AGENTS.safari, ip_prefix: '192.0.2.0/24' }),
  event(2, 'email.changed', { old: 'tom@example.com', new: 'thomas.of.a.long.name@subdomain.example.com' }),
  event(3, 'username.changed', { old: 'Tom', new: 'Thomas' }),
  ...['password.changed', 'password.reset', 'email.verified', 'account.secured', 'session.revoked'].map(
    (action, index) => event(4 + index, action),
  ),
  event(9, 'deletion.scheduled'),
  event(10, 'deletion.cancelled'),
  event(11, 'something.new'),
  event(12, 'user.registered'),
];

/** Responds to `method path` below `/api/v1/auth/` with `response`, until the next call with the same. */
export async function respond(tab, request, response) {
  const [method, path] = request.split(' ');
  await tab.page.route(
    (url) => url.pathname === `/api/v1/auth/${path}`,
    (route) => (route.request().method() === method ? route.fulfill(response) : route.fallback()),
  );
}
